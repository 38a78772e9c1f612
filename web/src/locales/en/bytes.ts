const bytes = {
  fetched: 'Fetched',
  alreadyThere: 'Already there',
  notNeeded: 'Not needed',
  unpacked: 'Unpacked',
  unpackedSoFar: '{part} unpacked',
  remaining: 'To come',
  legend: 'Bytes',
  hintFetched: 'moved over the network by this task',
  hintAlreadyThere: 'in the content store of the node before',
  hintNotNeeded: 'unpacked on the node before, so nobody has to move it',
  hintUnpacked: 'compressed size of the layers that are unpacked',
  unknown: 'Size not known yet',
  nothingMoved: 'Nothing had to be moved',
  bar: '{settled} of {total} there, {unpacked} unpacked',
  eta: '{time} left',
}

export default bytes
