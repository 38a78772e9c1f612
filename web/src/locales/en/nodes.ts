const nodes = {
  title: 'Nodes',
  table: 'Nodes by name',
  node: 'Node',
  state: 'State',
  runtime: 'Runtime',
  disk: 'Image disk',
  pulls: 'Pulls',
  images: 'Images',
  search: 'Find nodes',
  searchHint: 'by name or label',
  count: '{ready} of {total} ready',
  slots: '{running} of {slots} slots busy',
  diskFree: '{free} free of {total}',
  diskUsed: '{used} used by images',
  emptyTitle: 'No agent has said hello yet',
  emptyText: 'A node appears here as soon as its agent connects to this coordinator, and stays when it goes offline.',
  emptyFiltered: 'No node fits',
  lastSeen: 'last seen {when}',
}

export default nodes
