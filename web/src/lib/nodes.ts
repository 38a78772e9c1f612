// Words and searches about nodes. Pure.
import type { InventoryImage, Node } from '@/api/types'

export type NodeState = 'ready' | 'draining' | 'notReady' | 'offline'

export function nodeState(node: Node): NodeState {
  if (!node.connected) return 'offline'
  if (node.condition.draining) return 'draining'
  return node.ready ? 'ready' : 'notReady'
}

// Every word must occur in the name or in a label.
export function nodeMatches(node: Node, search: string): boolean {
  const labels = Object.entries(node.labels).map(([key, value]) => `${key}=${value}`)
  const text = [node.name, ...labels].join('\n').toLowerCase()
  return search.toLowerCase().split(/[\s,]+/).every((word) => text.includes(word))
}

export function imageMatches(image: InventoryImage, search: string): boolean {
  const text = [image.id ?? '', ...image.repoTags, ...image.repoDigests].join('\n').toLowerCase()
  return search.toLowerCase().split(/\s+/).every((word) => text.includes(word))
}
