// Words and searches about nodes. Pure.
import type { InventoryImage, Node } from '@/api/types'

export type NodeState = 'ready' | 'draining' | 'notReady' | 'offline'

export function nodeState(node: Node): NodeState {
  if (!node.connected) return 'offline'
  if (node.condition.draining) return 'draining'
  return node.ready ? 'ready' : 'notReady'
}

export function imageMatches(image: InventoryImage, search: string): boolean {
  const text = [image.id ?? '', ...image.repoTags, ...image.repoDigests].join('\n').toLowerCase()
  return search.toLowerCase().split(/\s+/).every((word) => text.includes(word))
}
