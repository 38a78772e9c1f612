import type en from '../en/bytes'

const bytes: typeof en = {
  fetched: '已下载',
  alreadyThere: '本地已有',
  notNeeded: '无需传输',
  unpacked: '已解压',
  unpackedSoFar: '已解压 {part}',
  remaining: '待传输',
  legend: '字节',
  hintFetched: '由本任务经网络传输',
  hintAlreadyThere: '此前已在节点的内容存储中',
  hintNotNeeded: '此前已在节点上解压，无需任何传输',
  hintUnpacked: '已解压层的压缩大小',
  unknown: '大小未知',
  nothingMoved: '无需传输任何内容',
  bar: '已就位 {settled}，共 {total}，已解压 {unpacked}',
  eta: '剩余 {time}',
}

export default bytes
