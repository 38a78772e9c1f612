// Asks, group by group, how many nodes have which image. Only on demand: it costs the registries something.
import { onScopeDispose, shallowRef } from 'vue'
import { fromThrown } from '@/api/errors'
import { previewTask } from '@/api/tasks'
import { cellsOf, type CoverageCell, type CoverageGroup } from '@/lib/coverage'

export interface CoverageColumn {
  group: CoverageGroup
  cells: ReadonlyMap<string, CoverageCell>
  // Why the group could not be asked.
  error: string | undefined
}

export interface CoverageAnswer {
  images: readonly string[]
  columns: readonly CoverageColumn[]
  askedAt: string
}

export function useCoverage() {
  const answer = shallowRef<CoverageAnswer>()
  const progress = shallowRef<{ done: number; total: number }>()
  let stop = new AbortController()

  async function column(images: readonly string[], group: CoverageGroup): Promise<CoverageColumn> {
    try {
      const preview = await previewTask({ images: [...images], labelSelector: group.selector || undefined }, stop.signal)
      return { group, cells: cellsOf(preview), error: undefined }
    } catch (cause) {
      const error = fromThrown(cause)
      return { group, cells: new Map(), error: error.details ?? error.message }
    }
  }

  // One group after another: together they would ask each registry many times at once.
  async function look(images: readonly string[], groups: readonly CoverageGroup[]): Promise<void> {
    stop.abort()
    const mine = (stop = new AbortController())
    const columns: CoverageColumn[] = []
    progress.value = { done: 0, total: groups.length }
    for (const group of groups) {
      const next = await column(images, group)
      if (mine.signal.aborted) return
      columns.push(next)
      answer.value = { images, columns: [...columns], askedAt: new Date().toISOString() }
      progress.value = { done: columns.length, total: groups.length }
    }
    progress.value = undefined
  }

  function cancel(): void {
    stop.abort()
    progress.value = undefined
  }
  onScopeDispose(cancel)
  return { answer, progress, look, cancel }
}
