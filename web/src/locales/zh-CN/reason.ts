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
  advice: {
    not_found: '请检查名称和标签。私有仓库在缺少凭据时也会这样回答。',
    unauthorized: '请在“镜像仓库”中保存此仓库的凭据，或测试已有凭据。',
    rate_limited: '仓库拒绝了部分拉取。请在设置中降低其限额，或登录以获得更高配额。',
    network: '请检查仓库以及节点的网络；其他节点可能可以访问。',
    no_space: '请清理节点的镜像磁盘，或选择空间更大的节点。',
    wrong_platform: '镜像没有适用于此节点的版本，请选择平台或其他节点。',
    runtime: '请检查节点的容器运行时，其消息有更多说明。',
    cancelled: '已被人取消。',
    timed_out: '超过了允许的时间。请提高时间上限，或检查节点的速度。',
    tag_moved: '标签期间被重新推送。请重试以获取新内容，或使用摘要。',
  },
}

export default reason
