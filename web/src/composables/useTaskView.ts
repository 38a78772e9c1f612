// One task with its pulls: from the stream, with one question to the API so that the head of the page need not wait for ten thousand pulls.
import { useQuery } from '@tanstack/vue-query'
import { computed, shallowRef, watch, type Ref } from 'vue'
import { getTask } from '@/api/tasks'
import { fromThrown } from '@/api/errors'
import { useLiveTask } from '@/live/live'
import { useRenewed } from './useRenewed'

export function useTaskView(id: Ref<string>) {
  // The stream knows no task that is not there: it is left out as soon as that is known.
  const isGone = shallowRef(false)
  const view = useLiveTask(() => (isGone.value ? undefined : id.value))
  const query = useQuery({ queryKey: ['task', id], queryFn: () => getTask(id.value) })

  const isRemoved = computed(() => view.value !== undefined && view.value.task === undefined)
  const isUnknown = computed(() => query.isError.value && fromThrown(query.error.value).status === 404)
  watch([isRemoved, isUnknown], ([removed, unknown]) => (isGone.value ||= removed || unknown))
  watch(id, () => (isGone.value = false))
  useRenewed(query, [])

  const task = computed(() => (isGone.value ? undefined : (view.value?.task ?? query.data.value)))
  return { task, view, query, isGone }
}
