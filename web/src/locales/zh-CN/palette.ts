import type en from '../en/palette'

const palette: typeof en = {
  title: '搜索与跳转',
  text: '页面、操作、任务和节点。',
  placeholder: '输入页面、任务或节点',
  pages: '页面',
  actions: '操作',
  nothing: '没有匹配的内容。',
  newTask: '创建任务',
  newSchedule: '创建定时任务',
  task: '任务',
  node: '节点',
}

export default palette
