import type en from '../en/node'

const node: typeof en = {
  gone: '未知的节点',
  goneHint: '其代理从未连接，或者名称有误。',
  agent: '代理',
  platform: '平台',
  uid: '机器 ID',
  firstSeen: '首次出现',
  lastSeen: '最近在线',
  path: '镜像路径',
  inodes: '可用 inode',
  inventory: '此节点上的镜像',
  inventoryUnknown: '此节点的镜像清单尚不清楚。',
  inventoryEmpty: '此节点上没有镜像。',
  find: '查找镜像',
  name: '名称',
  digest: '摘要',
  size: '大小',
  pinned: '已固定',
  untagged: '无标签',
}

export default node
