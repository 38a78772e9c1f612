import type en from '../en/help'

const help: typeof en = {
  title: '键盘快捷键',
  text: '未在输入时均可使用，不会占用浏览器自身的快捷键。',
  palette: '搜索与跳转',
  help: '显示本列表',
  search: '在本页查找',
  newTask: '创建任务',
  goTo: '前往{page}',
  escape: '关闭已打开的内容',
  grid: '在任务网格中：移动光标，按 Enter 查看该拉取',
  then: '然后',
}

export default help
