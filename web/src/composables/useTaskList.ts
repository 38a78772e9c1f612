// One page of tasks: searched, filtered, sorted and cut by the server, kept fresh by the stream.
import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, watch, type Ref } from 'vue'
import { listTasks } from '@/api/tasks'
import type { TaskState } from '@/api/types'
import { useLiveStatus, useLiveTasks } from '@/live/live'
import { useDebounced } from './useDebounced'
import { useRenewed } from './useRenewed'

export const pageSize = 20
// Many changes in a row are one question to the server.
const calmMs = 400

export interface TaskListView {
  status: TaskState | 'all'
  q: string
  sort: string
  offset: number
}

export const statesOf = (status: TaskState | 'all'): TaskState[] => (status === 'all' ? [] : [status])

export function useTaskList(view: Ref<TaskListView>) {
  const live = useLiveTasks()
  const { isLive } = useLiveStatus()

  const query = useQuery({
    queryKey: ['tasks', view],
    queryFn: ({ signal }) => {
      const { status, q, sort, offset } = view.value
      return listTasks({ states: statesOf(status), q, sort, limit: pageSize, offset }, signal)
    },
    placeholderData: keepPreviousData,
  })

  const newest = computed(() => new Map((isLive.value ? live.value?.tasks : undefined)?.map((task) => [task.taskId, task])))
  const tasks = computed(() => query.data.value?.tasks.map((task) => newest.value.get(task.taskId) ?? task))

  // Which tasks there are and in which state decides who is on the page; bytes do not.
  const membership = computed(() => [...newest.value.values()].map((task) => `${task.taskId}:${task.status}`).join())
  const calm = useDebounced(membership, calmMs)
  const renew = useRenewed(query, [])
  watch(calm, renew)

  return { query, tasks, total: computed(() => query.data.value?.total ?? 0) }
}
