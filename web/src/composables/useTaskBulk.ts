// One action on many tasks: those that are ticked, or all that the view finds. Each has a result of its own.
import { useQueryClient } from '@tanstack/vue-query'
import { computed, shallowRef, watch, type Ref } from 'vue'
import { bulkTasks, type BulkAction, type BulkOutcome } from '@/api/tasks'
import { useI18n } from '@/i18n'
import { allTasks } from './useTaskExport'
import { statesOf, type TaskListView } from './useTaskList'
import { useToasts } from './useToasts'

// The most that one call takes.
const mostOfCall = 1000

export function useTaskBulk(view: Ref<TaskListView>, total: Ref<number>) {
  const { t } = useI18n()
  const { failed } = useToasts()
  const queries = useQueryClient()
  const ticked = shallowRef<ReadonlySet<string>>(new Set())
  // All that fit the filter, not only those of this page.
  const everything = shallowRef(false)
  const asked = shallowRef<BulkAction>()
  const outcome = shallowRef<BulkOutcome>()
  const busy = shallowRef(false)
  const count = computed(() => (everything.value ? total.value : ticked.value.size))

  function clear(): void {
    ticked.value = new Set()
    everything.value = false
  }
  // Another filter finds others: what was ticked under the old one is not meant.
  watch(
    () => `${view.value.status} ${view.value.q}`,
    () => clear(),
  )

  async function target(): Promise<Parameters<typeof bulkTasks>[1]> {
    if (!everything.value) return { ids: [...ticked.value] }
    const { status, q } = view.value
    if (!q && status !== 'all') return { status: [status] }
    const found = await allTasks({ states: statesOf(status), q }, mostOfCall)
    return { ids: found.map((task) => task.taskId) }
  }

  async function run(): Promise<void> {
    const action = asked.value
    if (!action || busy.value) return
    busy.value = true
    try {
      outcome.value = await bulkTasks(action, await target())
      clear()
    } catch (cause) {
      failed(t('tasks.bulk.failed'), cause)
    } finally {
      busy.value = false
      asked.value = undefined
      void queries.invalidateQueries({ queryKey: ['tasks'] })
      void queries.invalidateQueries({ queryKey: ['stats'] })
    }
  }

  return {
    ticked,
    everything,
    asked,
    outcome,
    busy,
    count,
    clear,
    run,
    widen: () => (everything.value = true),
    ask: (action: BulkAction | undefined) => (asked.value = action),
    forget: () => (outcome.value = undefined),
    tick(id: string, on: boolean): void {
      const next = new Set(ticked.value)
      if (on) next.add(id)
      else next.delete(id)
      ticked.value = next
      everything.value = false
    },
    tickAll(ids: readonly string[], on: boolean): void {
      ticked.value = new Set(on ? ids : [])
      everything.value = false
    },
  }
}
