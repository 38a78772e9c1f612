import type en from '../en/common'

const common: typeof en = {
  cancel: '取消',
  close: '关闭',
  save: '保存',
  edit: '编辑',
  delete: '删除',
  actions: '操作',
  more: '更多',
  copied: '已复制',
  retry: '重试',
  loading: '加载中…',
  unknown: '未知',
  clear: '清除',
  all: '全部',
  of: '{part} / {total}',
  showMore: '再显示 {count} 条',
  previous: '上一页',
  next: '下一页',
  pageOf: '第 {from}–{to} 条，共 {total} 条',
  pages: '分页',
  back: '返回{where}',
  sortUp: '升序',
  sortDown: '降序',
  selectAll: '选择本页全部',
  select: '选择 {name}',
  selected: '已选 {count} 项 | 已选 {count} 项',
  toasts: '消息（F8）',
}

export default common
