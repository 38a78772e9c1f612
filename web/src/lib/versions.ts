// How many nodes run which version. Pure.
import type { Node } from '@/api/types'

export interface VersionCount {
  version: string
  nodes: number
}

// The most frequent first.
export function countVersions(nodes: readonly Node[], of: (node: Node) => string): VersionCount[] {
  const counts = new Map<string, number>()
  for (const node of nodes) {
    const version = of(node).trim()
    if (version !== '') counts.set(version, (counts.get(version) ?? 0) + 1)
  }
  return [...counts].map(([version, count]) => ({ version, nodes: count })).sort((a, b) => b.nodes - a.nodes || a.version.localeCompare(b.version))
}
