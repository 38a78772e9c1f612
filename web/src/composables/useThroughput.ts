// Bytes a second of all running tasks over the last minutes, sampled from the stream while the console is open.
import { computed, shallowRef, watch } from 'vue'
import { hasEnded } from '@/api/types'
import { useLiveStatus, useLiveTasks } from '@/live/live'
import type { Point } from '@/lib/chart'
import { useNow } from './useNow'

export const spanMs = 10 * 60 * 1000
// No two samples are closer than this.
const sampleMs = 2000

// For all pages, so that going to another one and back keeps the line.
const points = shallowRef<readonly Point[]>([])

export function useThroughput() {
  const live = useLiveTasks()
  const { isLive } = useLiveStatus()
  const now = useNow()
  const rate = computed(() =>
    (live.value?.tasks ?? []).reduce((sum, task) => sum + (hasEnded(task.status) ? 0 : task.progress.throughputBytesPerSecond), 0),
  )
  watch(
    now,
    (at) => {
      const last = points.value[points.value.length - 1]
      if (!isLive.value || (last && at - last.at < sampleMs)) return
      points.value = [...points.value.filter((point) => at - point.at < spanMs), { at, value: rate.value }]
    },
    { immediate: true },
  )
  return { points, rate, now }
}
