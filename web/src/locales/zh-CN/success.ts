import type en from '../en/success'

const success: typeof en = { pulled: '已拉取', already_present: '原已存在' }

export default success
