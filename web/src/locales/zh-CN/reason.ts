import type en from '../en/reason'

const reason: typeof en = {
  not_found: '仓库中不存在',
  unauthorized: '被仓库拒绝（未授权）',
  rate_limited: '被仓库限流',
  network: '网络或仓库错误',
  no_space: '节点空间不足',
  wrong_platform: '平台不匹配',
  runtime: '容器运行时错误',
  cancelled: '已取消',
  timed_out: '超时',
  tag_moved: '标签在此期间已变更',
  other: '其他（{reason}）',
}

export default reason
