const state = {
  task: {
    pending: 'Pending',
    running: 'Running',
    paused: 'Paused',
    completed: 'Completed',
    failed: 'Failed',
    cancelled: 'Cancelled',
    withFailures: 'Completed with failures',
  },
  pull: {
    queued: 'Queued',
    dispatched: 'Dispatched',
    pulling: 'Pulling',
    succeeded: 'Warm',
    skipped: 'Skipped',
    failed: 'Failed',
    cancelled: 'Cancelled',
  },
  phase: { resolving: 'Resolving', fetching: 'Fetching', unpacking: 'Unpacking', verifying: 'Verifying' },
  node: { ready: 'Ready', notReady: 'Not ready', offline: 'Offline', draining: 'Draining' },
}

export default state
