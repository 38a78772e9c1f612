import type en from '../en/nodes'

const nodes: typeof en = {
  title: '节点',
  table: '节点，按名称排序',
  node: '节点',
  state: '状态',
  runtime: '运行时',
  disk: '镜像磁盘',
  pulls: '拉取',
  images: '镜像',
  search: '查找节点',
  searchHint: '按名称或标签',
  count: '{ready} / {total} 就绪',
  slots: '{slots} 个槽位中 {running} 个忙碌',
  diskFree: '可用 {free}，共 {total}',
  diskUsed: '镜像占用 {used}',
  emptyTitle: '还没有代理连接',
  emptyText: '节点的代理连接到此协调器后，节点会立即出现在这里；离线后仍会保留。',
  emptyFiltered: '没有符合的节点',
  lastSeen: '{when}在线',
}

export default nodes
