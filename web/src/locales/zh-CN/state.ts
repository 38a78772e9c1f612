import type en from '../en/state'

const state: typeof en = {
  task: {
    pending: '等待中',
    running: '运行中',
    paused: '已暂停',
    completed: '已完成',
    failed: '失败',
    cancelled: '已取消',
    withFailures: '已完成，但有失败',
  },
  pull: {
    queued: '排队中',
    dispatched: '已下发',
    pulling: '拉取中',
    succeeded: '已预热',
    skipped: '已跳过',
    failed: '失败',
    cancelled: '已取消',
  },
  phase: { resolving: '解析', fetching: '下载', unpacking: '解压', verifying: '校验' },
  node: { ready: '就绪', notReady: '未就绪', offline: '离线', draining: '排空中' },
}

export default state
