// Asks, group by group, how many nodes have which image. Only on demand: it costs the registries something.
import { onScopeDispose, shallowRef } from 'vue'
import { fromThrown } from '@/api/errors'
import { groupNodes } from '@/api/nodes'
import { previewTask } from '@/api/tasks'
import { cellsOf, groupsOf, type CoverageCell, type CoverageGroup } from '@/lib/coverage'

export interface CoverageColumn {
  group: CoverageGroup
  cells: ReadonlyMap<string, CoverageCell>
  // Why the group could not be asked.
  error: string | undefined
}

export interface CoverageQuestion {
  images: readonly string[]
  selector: string
  // Splits the nodes into columns; '' for one column.
  label: string
}

export interface CoverageAnswer extends CoverageQuestion {
  // There are more when some were left out.
  groupCount: number
  columns: readonly CoverageColumn[]
  askedAt: string
}

// The largest ones; each costs the registries something.
const mostGroups = 24

async function split({ selector, label }: CoverageQuestion, signal: AbortSignal) {
  if (label === '') return { groups: [{ name: '', selector }], count: 1 }
  const counted = await groupNodes({ by: `label:${label}`, selector, limit: mostGroups }, signal)
  return { groups: groupsOf(counted, label, selector), count: counted.groupCount }
}

export function useCoverage() {
  // Why there is no answer.
  const problem = shallowRef<unknown>()
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
  async function ask(question: CoverageQuestion, mine: AbortController): Promise<void> {
    const { groups, count } = await split(question, mine.signal)
    const columns: CoverageColumn[] = []
    progress.value = { done: 0, total: groups.length }
    for (const group of groups) {
      const next = await column(question.images, group)
      if (mine.signal.aborted) return
      columns.push(next)
      answer.value = { ...question, columns: [...columns], groupCount: count, askedAt: new Date().toISOString() }
      progress.value = { done: columns.length, total: groups.length }
    }
    progress.value = undefined
  }

  async function look(question: CoverageQuestion): Promise<void> {
    stop.abort()
    const mine = (stop = new AbortController())
    problem.value = undefined
    progress.value = { done: 0, total: 1 }
    try {
      await ask(question, mine)
    } catch (cause) {
      if (mine.signal.aborted) return
      problem.value = cause
      progress.value = undefined
    }
  }

  function cancel(): void {
    stop.abort()
    progress.value = undefined
  }
  onScopeDispose(cancel)
  return { answer, progress, problem, look, cancel }
}
