import type en from '../en/nav'

const nav: typeof en = {
  label: '主导航',
  open: '打开菜单',
  group: { prewarm: '预热', cluster: '集群', admin: '管理' },
  overview: '概览',
  tasks: '任务',
  policies: '策略',
  schedules: '定时任务',
  coverage: '覆盖率',
  library: '镜像库',
  nodes: '节点',
  registries: '镜像仓库',
  notifications: '通知',
  users: '用户',
  tenants: '租户',
  tokens: '令牌',
  audit: '审计',
  settings: '设置',
  about: '关于',
  api: 'API 参考',
}

export default nav
