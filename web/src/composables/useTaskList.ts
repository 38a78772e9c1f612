// One page of tasks: cut and filtered by the server, kept fresh by the stream.
import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, onScopeDispose, watch, type Ref } from 'vue'
import { listTasks } from '@/api/tasks'
import type { TaskState } from '@/api/types'
import { useLiveStatus, useLiveTasks } from '@/live/live'

export const pageSize = 20
// While the stream is away the list is asked for instead.
const pollMs = 5000
// Many changes in a row are one question to the server.
const calmMs = 400

export function useTaskList(status: Ref<TaskState | 'all'>, offset: Ref<number>) {
  const live = useLiveTasks()
  const { isLive } = useLiveStatus()

  const query = useQuery({
    queryKey: ['tasks', status, offset],
    queryFn: () =>
      listTasks({ states: status.value === 'all' ? [] : [status.value], limit: pageSize, offset: offset.value }),
    placeholderData: keepPreviousData,
    refetchInterval: () => (isLive.value ? false : pollMs),
  })

  const newest = computed(() => new Map((isLive.value ? live.value?.tasks : undefined)?.map((task) => [task.taskId, task])))
  const tasks = computed(() => query.data.value?.tasks.map((task) => newest.value.get(task.taskId) ?? task) ?? [])

  // Which tasks there are and in which state decides who is on the page; bytes do not.
  const membership = computed(() => [...newest.value.values()].map((task) => `${task.taskId}:${task.status}`).join())
  let calm: ReturnType<typeof setTimeout> | undefined
  watch(membership, () => {
    clearTimeout(calm)
    calm = setTimeout(() => void query.refetch(), calmMs)
  })
  onScopeDispose(() => clearTimeout(calm))

  return { query, tasks, total: computed(() => query.data.value?.total ?? 0) }
}
