// Where the cells of the grid are: pulls in the order of the table, the images of a node side by side, nodes one after another, groups below
// each other with a heading. Pure.
import type { Pull } from '@/api/types'

export interface Group {
  name: string
  // Top of its heading in pixels.
  top: number
  nodes: number
  cells: number
}

export interface Layout {
  // Position of each cell, by index of the pull.
  x: Uint16Array
  y: Uint16Array
  size: number
  height: number
  groups: readonly Group[]
  // Index of the cell at a place; -1 where there is none.
  at(x: number, y: number): number
}

export const headingHeight = 26
const groupGap = 10

// Fewer cells are larger: they are easier to hit.
export function cellSize(cells: number): number {
  if (cells <= 300) return 18
  if (cells <= 2_000) return 13
  return cells <= 5_000 ? 10 : 8
}

interface Strip {
  first: number
  cells: number
}

// `groupOf` says the group of a node; undefined for a grid without groups.
export function layOut(pulls: readonly Pick<Pull, 'nodeName'>[], width: number, groupOf?: (node: string) => string): Layout {
  const size = cellSize(pulls.length)
  const step = size + (size > 10 ? 3 : 2)
  const x = new Uint16Array(pulls.length)
  const y = new Uint16Array(pulls.length)
  const groups: Group[] = []
  let top = 0
  for (const [name, strips] of byGroup(pulls, groupOf)) {
    if (groupOf) {
      groups.push({ name, top, nodes: strips.length, cells: strips.reduce((sum, strip) => sum + strip.cells, 0) })
      top += headingHeight
    }
    top = place(strips, { x, y, width, step, top }) + (groupOf ? groupGap : 0)
  }
  const height = Math.max(step, top)
  return { x, y, size, height, groups, at: finder(x, y, size, step) }
}

function byGroup(pulls: readonly Pick<Pull, 'nodeName'>[], groupOf?: (node: string) => string): [string, Strip[]][] {
  const groups = new Map<string, Strip[]>()
  let node: string | undefined
  let strip: Strip = { first: 0, cells: 0 }
  pulls.forEach((pull, index) => {
    if (pull.nodeName === node) {
      strip.cells += 1
      return
    }
    node = pull.nodeName
    strip = { first: index, cells: 1 }
    const name = groupOf?.(node) ?? ''
    const known = groups.get(name)
    if (known) known.push(strip)
    else groups.set(name, [strip])
  })
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1))
}

// Answers the bottom.
function place(strips: readonly Strip[], to: { x: Uint16Array; y: Uint16Array; width: number; step: number; top: number }): number {
  const { x, y, width, step } = to
  const most = Math.max(1, Math.floor(width / step))
  let [column, row] = [0, to.top]
  for (const { first, cells } of strips) {
    // A node that does not fit begins a new line; one that fits no line is broken.
    if (column > 0 && column + cells > most) [column, row] = [0, row + step]
    for (let index = first; index < first + cells; index += 1) {
      if (column >= most) [column, row] = [0, row + step]
      x[index] = column * step
      y[index] = row
      column += 1
    }
    // A gap between nodes with several images.
    if (cells > 1 && column < most) column += 1
  }
  return strips.length === 0 ? row : row + step
}

function finder(x: Uint16Array, y: Uint16Array, size: number, step: number): (px: number, py: number) => number {
  const rows = new Map<number, Map<number, number>>()
  x.forEach((left, index) => {
    const top = y[index] ?? 0
    const row = rows.get(top) ?? new Map<number, number>()
    row.set(left, index)
    rows.set(top, row)
  })
  const tops = [...rows.keys()].sort((a, b) => a - b)
  return (px, py) => {
    const top = tops.findLast((known) => known <= py)
    if (top === undefined || py >= top + size) return -1
    const left = Math.floor(px / step) * step
    return px < left + size ? (rows.get(top)?.get(left) ?? -1) : -1
  }
}

export type Step = 'left' | 'right' | 'up' | 'down' | 'first' | 'last'

// Where the cursor goes. Up and down look for the nearest cell of the next line that has any.
export function move(layout: Layout, index: number, step: Step): number {
  const last = layout.x.length - 1
  if (step === 'first') return 0
  if (step === 'last') return last
  if (step === 'left') return Math.max(0, index - 1)
  if (step === 'right') return Math.min(last, index + 1)
  const [x, y] = [layout.x[index] ?? 0, layout.y[index] ?? 0]
  let best = index
  let bestY = step === 'up' ? -1 : Number.POSITIVE_INFINITY
  for (let other = 0; other <= last; other += 1) {
    const otherY = layout.y[other] ?? 0
    const isBeyond = step === 'up' ? otherY < y && otherY >= bestY : otherY > y && otherY <= bestY
    if (!isBeyond) continue
    const isNearer = Math.abs((layout.x[other] ?? 0) - x) < Math.abs((layout.x[best] ?? 0) - x)
    if (otherY !== bestY || isNearer) [best, bestY] = [other, otherY]
  }
  return best
}
