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
  advice: {
    not_found: 'Check the name and the tag. Private registries also answer so when the login is missing.',
    unauthorized: 'Store a login for this registry under Registries, or test the one that is there.',
    rate_limited: 'The registry turned pulls away. Lower its limits in Settings, or log in to have a larger quota.',
    network: 'Look at the registry and at the network of the node; other nodes may reach it.',
    no_space: 'Free the image disk of the node, or choose nodes with more room.',
    wrong_platform: 'The image has no variant for this node. Choose a platform or other nodes.',
    runtime: 'Look at the container runtime of the node; its message says more.',
    cancelled: 'Somebody cancelled it.',
    timed_out: 'It took longer than allowed. Raise the time limit, or look at the speed of the node.',
    tag_moved: 'The tag was pushed again meanwhile. Retry to get the new content, or name a digest.',
  },
}

export default reason
