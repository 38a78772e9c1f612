const live = {
  off: 'Not watching',
  connecting: 'Connecting',
  live: 'Live',
  reconnecting: 'Reconnecting',
  stale: 'Stale',
  hintOff: 'This page does not change by itself.',
  hintConnecting: 'The stream of changes is being opened.',
  hintLive: 'Every change is shown as it happens.',
  hintReconnecting: 'The stream of changes broke off and is being opened again.',
  hintStale: 'No connection to the coordinator. What you see is from {time}.',
}

export default live
