// Which rows of a long list are to be drawn: those that are seen and a few on both sides. Pure.

export interface Slice {
  first: number
  // Exclusive.
  last: number
}

export function visibleRows(total: number, rowHeight: number, scrollTop: number, height: number, spare = 8): Slice {
  if (total <= 0 || rowHeight <= 0) return { first: 0, last: 0 }
  const first = Math.floor(scrollTop / rowHeight) - spare
  const last = Math.ceil((scrollTop + height) / rowHeight) + spare
  const begin = Math.min(Math.max(0, first), total)
  return { first: begin, last: Math.max(begin, Math.min(total, last)) }
}
