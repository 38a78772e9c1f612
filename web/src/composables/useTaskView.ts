// One task with its pulls: from the stream; while it is away, asked for again and again.
import { useQuery } from '@tanstack/vue-query'
import { computed, shallowRef, watch, type Ref } from 'vue'
import { getTask, listPulls } from '@/api/tasks'
import { fromThrown } from '@/api/errors'
import { hasEnded, type Pull, type Task } from '@/api/types'
import { useLiveStatus, useLiveTask } from '@/live/live'

const pollMs = 3000
// The most that the API hands out at once.
const pullLimit = 1000

export function useTaskView(id: Ref<string>) {
  // The stream refuses a task that is not there: it must be left out as soon as that is known.
  const isGone = shallowRef(false)
  const live = useLiveTask(() => (isGone.value ? undefined : id.value))
  const { isLive, status } = useLiveStatus()
  const isAway = computed(() => status.value === 'reconnecting' || status.value === 'stale')

  const poll = (task: Task | undefined) => (isLive.value || (task && hasEnded(task.status)) ? false : pollMs)
  const query = useQuery({
    queryKey: ['task', id],
    queryFn: () => getTask(id.value),
    refetchInterval: (now) => poll(now.state.data),
  })
  const pullQuery = useQuery({
    queryKey: ['pulls', id],
    queryFn: () => listPulls(id.value, pullLimit),
    enabled: isAway,
    refetchInterval: () => poll(query.data.value),
  })

  const current = computed(() => (isLive.value ? live.value : undefined))
  const isRemoved = computed(() => live.value !== undefined && live.value.task === undefined)
  const isUnknown = computed(() => query.isError.value && fromThrown(query.error.value).status === 404)
  watch([isRemoved, isUnknown], ([removed, unknown]) => (isGone.value ||= removed || unknown))
  watch(id, () => (isGone.value = false))
  // Removed while the stream was away: only the question tells.
  watch(status, (now) => {
    if (now !== 'live' || !live.value) void query.refetch()
  })

  const task = computed(() => (isGone.value ? undefined : (current.value?.task ?? query.data.value)))
  const pulls = computed((): readonly Pull[] => current.value?.pulls.rows.slice() ?? pullQuery.data.value?.pulls ?? live.value?.pulls.rows ?? [])
  return { task, pulls, query, isGone }
}
