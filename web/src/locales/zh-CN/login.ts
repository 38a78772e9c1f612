import type en from '../en/login'

const login: typeof en = {
  title: '登录',
  username: '用户名',
  password: '密码',
  submit: '登录',
  wrong: '用户名或密码不正确。',
  tooMany: '尝试次数过多，请稍后再试。',
  changeTitle: '设置新密码',
  changeText: '{name} 的密码由他人设置，继续之前请设置您自己的密码。',
  current: '当前密码',
  new: '新密码',
  newHint: '至少 8 个字符。',
  again: '再次输入新密码',
  differs: '两次输入不一致。',
  change: '修改密码',
  as: '已登录：{name}（{role}）',
  leave: '退出登录',
  expiredTitle: '请重新登录',
  expiredText: '登录已失效。页面会保持原样，已输入的内容不会丢失。',
}

export default login
