// Filters, orders and counts of nodes; the coordinator filters and sorts. Pure.
import type { Stats } from '@/api/tasks'
import type { Node, NodeGroups } from '@/api/types'
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

// More columns or rows than this nobody reads.
const mostGroups = 64

// Keys of labels that tell nodes apart, of nodes counted by `label_keys`: at least two values, and fewer values than nodes.
export function groupingKeys({ groups, total }: NodeGroups): string[] {
  return groups.flatMap(({ value, values = 0 }) => (value !== undefined && values > 1 && values <= Math.min(mostGroups, total - 1) ? [value] : [])).sort()
}
