// Filters, orders and counts of nodes. Pure.
import type { Node } from '@/api/types'
import { fullness } from './nodeMap'
import { nodeMatches, nodeState, type NodeState } from './nodes'

// Little room left: an image of some GiB may not fit.
export const tightShare = 0.9

export const nodeFilters = ['all', 'ready', 'notReady', 'draining', 'offline', 'tight'] as const
export type NodeFilter = (typeof nodeFilters)[number]
export const nodeSorts = ['name', 'state', 'disk', 'pulls', 'images'] as const
export type NodeSort = (typeof nodeSorts)[number]

export const isTight = (node: Node) => (fullness(node) ?? 0) >= tightShare

function passes(node: Node, filter: NodeFilter): boolean {
  if (filter === 'all') return true
  return filter === 'tight' ? isTight(node) : nodeState(node) === filter
}

// What needs attention first.
const stateOrder: Readonly<Record<NodeState, number>> = { notReady: 0, offline: 1, draining: 2, ready: 3 }

const orders: Readonly<Record<NodeSort, (node: Node) => number>> = {
  name: () => 0,
  state: (node) => stateOrder[nodeState(node)],
  disk: (node) => -(fullness(node) ?? -1),
  pulls: (node) => -node.runningPulls,
  images: (node) => node.imageCount ?? Number.MAX_SAFE_INTEGER,
}

const byName = (a: Node, b: Node) => (a.name < b.name ? -1 : 1)

export function listed(nodes: readonly Node[], search: string, filter: NodeFilter, sort: NodeSort): Node[] {
  const order = orders[sort]
  const fitting = nodes.filter((node) => passes(node, filter) && (search === '' || nodeMatches(node, search)))
  return fitting.sort((a, b) => order(a) - order(b) || byName(a, b))
}

export function countByFilter(nodes: readonly Node[]): Record<NodeFilter, number> {
  const counts: Record<NodeFilter, number> = { all: nodes.length, ready: 0, notReady: 0, draining: 0, offline: 0, tight: 0 }
  for (const node of nodes) {
    counts[nodeState(node)] += 1
    if (isTight(node)) counts.tight += 1
  }
  return counts
}

// Keys of labels that tell nodes apart: at least two values, and fewer values than nodes.
export function groupingKeys(nodes: readonly Node[]): string[] {
  const values = new Map<string, Set<string>>()
  for (const { labels } of nodes) {
    for (const [key, value] of Object.entries(labels)) {
      const known = values.get(key)
      if (known) known.add(value)
      else values.set(key, new Set([value]))
    }
  }
  const mostGroups = Math.min(64, nodes.length - 1)
  return [...values].filter(([, { size }]) => size > 1 && size <= mostGroups).map(([key]) => key).sort()
}
