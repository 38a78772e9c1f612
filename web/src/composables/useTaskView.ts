// One task with its pulls: from the stream; while it is away, asked for again and again.
import { useQuery } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import { getTask, listPulls } from '@/api/client'
import { hasEnded, type Pull, type Task } from '@/api/types'
import { useLiveStatus, useLiveTask } from '@/live/live'

const pollMs = 3000
// The most that the API hands out at once.
const pullLimit = 1000

function inOrder(a: Pull, b: Pull): number {
  return a.nodeName.localeCompare(b.nodeName) || a.image.localeCompare(b.image)
}

export function useTaskView(id: Ref<string>) {
  const live = useLiveTask(id)
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
  // Known to the stream once, not any more: it was removed while we looked.
  const isGone = computed(() => current.value !== undefined && current.value.task === undefined)
  const task = computed(() => (isGone.value ? undefined : (current.value?.task ?? query.data.value)))
  const pulls = computed((): Pull[] => {
    const list = current.value ? [...current.value.pulls.values()] : (pullQuery.data.value?.pulls ?? [...(live.value?.pulls.values() ?? [])])
    return [...list].sort(inOrder)
  })
  const limited = computed(() => {
    const page = pullQuery.data.value
    return !current.value && page && page.total > page.pulls.length ? page : undefined
  })
  return { task, pulls, query, isGone, limited }
}
