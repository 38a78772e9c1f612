import type en from '../en/app'

const app: typeof en = { name: 'IPS', search: '搜索与跳转', preferences: '偏好设置', subtitle: '镜像预热服务', skip: '跳到正文' }

export default app
