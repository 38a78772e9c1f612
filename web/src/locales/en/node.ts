const node = {
  gone: 'This node is not known',
  goneHint: 'Its agent has never connected, or the name is wrong.',
  agent: 'Agent',
  platform: 'Platform',
  uid: 'Machine id',
  firstSeen: 'First seen',
  lastSeen: 'Last seen',
  path: 'Image path',
  inodes: 'Inodes free',
  inventory: 'Images on this node',
  inventoryUnknown: 'The inventory of this node is not known yet.',
  inventoryEmpty: 'There is no image on this node.',
  find: 'Find images',
  name: 'Name',
  digest: 'Digest',
  size: 'Size',
  pinned: 'pinned',
  untagged: 'without a tag',
}

export default node
