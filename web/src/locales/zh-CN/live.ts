import type en from '../en/live'

const live: typeof en = {
  off: '未订阅',
  connecting: '连接中',
  live: '实时',
  reconnecting: '重新连接中',
  stale: '数据已过时',
  hintOff: '此页面不会自动更新。',
  hintConnecting: '正在打开变更流。',
  hintLive: '所有变化都会即时显示。',
  hintReconnecting: '变更流已中断，正在重新打开。',
  hintStale: '无法连接协调器，当前显示的是 {time} 的数据。',
}

export default live
