// The service in numbers, asked again a moment after something that they count has changed.
import { useQuery } from '@tanstack/vue-query'
import { computed, watch } from 'vue'
import { getStats } from '@/api/tasks'
import { useLiveTasks } from '@/live/live'
import { useDebounced } from './useDebounced'
import { useRenewed } from './useRenewed'

const calmMs = 1000

export function useStats() {
  const live = useLiveTasks()
  const query = useQuery({ queryKey: ['stats'], queryFn: getStats })
  // States and outcomes; not bytes, which change all the time.
  const counted = computed(() =>
    live.value?.tasks.map(({ taskId, status, progress }) => `${taskId}:${status}:${progress.succeededPulls}:${progress.failedPulls}`).join(),
  )
  const calm = useDebounced(counted, calmMs)
  const renew = useRenewed(query, [])
  watch(calm, (_, before) => {
    if (before !== undefined) renew()
  })
  return { query, stats: query.data }
}
