// Coverage as a table of images and groups of nodes, from previews of tasks that nobody starts. Pure.
import type { TaskPreview } from '@/api/tasks'
import type { Node } from '@/api/types'

export interface CoverageGroup {
  // Value of the label; '' for nodes without it.
  name: string
  selector: string
  nodes: number
}

export interface CoverageCell {
  nodes: number
  present: number
  unknown: number
  bytesToMove: number
  verdict: TaskPreview['images'][number]['verdict']
  error: string | undefined
}

const join = (...conditions: string[]) => conditions.filter((condition) => condition !== '').join(',')

// The largest groups first, at most `most`.
export function groupsOf(nodes: readonly Node[], key: string, base: string, most: number): CoverageGroup[] {
  if (key === '') return [{ name: '', selector: base, nodes: nodes.length }]
  const counts = new Map<string, number>()
  const without = nodes.filter(({ labels }) => labels[key] === undefined).length
  for (const { labels } of nodes) {
    const value = labels[key]
    if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  const groups = [...counts].map(([name, count]) => ({ name, selector: join(base, `${key}=${name}`), nodes: count }))
  if (without > 0) groups.push({ name: '', selector: join(base, `!${key}`), nodes: without })
  const largest = groups.sort((a, b) => b.nodes - a.nodes || a.name.localeCompare(b.name)).slice(0, most)
  return largest.sort((a, b) => a.name.localeCompare(b.name))
}

// What a preview says about each image.
export function cellsOf(preview: TaskPreview): Map<string, CoverageCell> {
  return new Map(
    preview.images.map(({ image, verdict, error, platforms }) => {
      const sum = (of: (platform: (typeof platforms)[number]) => number) => platforms.reduce((total, one) => total + of(one), 0)
      const asked = platforms.length > 0
      return [
        image,
        {
          nodes: asked ? sum(({ nodes }) => nodes) : preview.nodeCount,
          present: sum(({ presentNodes }) => presentNodes),
          unknown: asked ? sum(({ unknownNodes }) => unknownNodes) : preview.nodeCount,
          bytesToMove: sum(({ bytesToMove }) => bytesToMove),
          verdict,
          error,
        },
      ]
    }),
  )
}

export function total(cells: readonly CoverageCell[]): { nodes: number; present: number } {
  return cells.reduce((sum, { nodes, present }) => ({ nodes: sum.nodes + nodes, present: sum.present + present }), { nodes: 0, present: 0 })
}
