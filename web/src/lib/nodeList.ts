// Filters, orders and counts of nodes; the coordinator filters and sorts. Pure.
import type { Stats } from '@/api/tasks'
import type { Node } from '@/api/types'
import { fullness } from './nodeMap'

// Little room left: an image of some GiB may not fit.
export const tightShare = 0.9

export const nodeFilters = ['all', 'ready', 'notReady', 'draining', 'offline'] as const
export type NodeFilter = (typeof nodeFilters)[number]
export const nodeSorts = ['name', 'state', 'disk', 'pulls', 'images'] as const
export type NodeSort = (typeof nodeSorts)[number]

export const isTight = (node: Node) => (fullness(node) ?? 0) >= tightShare

// How many nodes are in each state, out of the service's figures.
export function countByFilter({ total, ready, connected, draining }: Stats['nodes']): Record<NodeFilter, number> {
  return { all: total, ready, draining, notReady: Math.max(0, connected - ready - draining), offline: total - connected }
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
