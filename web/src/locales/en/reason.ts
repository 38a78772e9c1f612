const reason = {
  not_found: 'Not found in the registry',
  unauthorized: 'Refused by the registry',
  rate_limited: 'Rate limited by the registry',
  network: 'Network or registry error',
  no_space: 'No space on the node',
  wrong_platform: 'Not for this platform',
  runtime: 'Error of the container runtime',
  cancelled: 'Cancelled',
  timed_out: 'Timed out',
  tag_moved: 'The tag moved meanwhile',
  other: 'Other ({reason})',
}

export default reason
