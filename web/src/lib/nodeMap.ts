// What the cells of the map of nodes say: a state, or how much there is of something. Pure.
import type { Node } from '@/api/types'
import { nodeState, type NodeState } from './nodes'

export const measures = ['state', 'disk', 'pulls', 'images'] as const
export type Measure = (typeof measures)[number]

export const mapStates: readonly NodeState[] = ['ready', 'draining', 'notReady', 'offline']
// Steps of the scale.
export const scaleSteps = 6

// 0 to 1; undefined where it is not known.
export function fullness({ condition }: Node): number | undefined {
  const { imageFsCapacityBytes: capacity, imageFsAvailableBytes: free } = condition
  return capacity > 0 ? Math.min(1, Math.max(0, 1 - free / capacity)) : undefined
}

export function amount(node: Node, measure: Exclude<Measure, 'state'>, mostImages: number): number | undefined {
  if (measure === 'disk') return fullness(node)
  if (measure === 'pulls') return node.maxConcurrentPulls > 0 ? Math.min(1, node.runningPulls / node.maxConcurrentPulls) : undefined
  return node.imageCount === undefined ? undefined : node.imageCount / Math.max(1, mostImages)
}

// Index of the colour: of mapStates, or a step of the scale; -1 where it is not known.
export function colorIndex(node: Node, measure: Measure, mostImages: number): number {
  if (measure === 'state') return mapStates.indexOf(nodeState(node))
  const share = amount(node, measure, mostImages)
  return share === undefined ? -1 : Math.min(scaleSteps - 1, Math.floor(share * scaleSteps))
}
