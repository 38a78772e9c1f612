// Coverage as a table of images and groups of nodes, from previews of tasks that nobody starts. Pure.
import type { TaskPreview } from '@/api/tasks'
import type { NodeGroups } from '@/api/types'

export interface CoverageGroup {
  // Value of the label; '' for nodes without it.
  name: string
  selector: string
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

// Columns of what the coordinator counted by a label of the nodes that `base` selects, in the order of their names.
export function groupsOf({ groups }: NodeGroups, key: string, base: string): CoverageGroup[] {
  const columns = groups.map(({ value }) => ({ name: value ?? '', selector: join(base, value === undefined ? `!${key}` : `${key}=${value}`) }))
  return columns.sort((a, b) => a.name.localeCompare(b.name))
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
