// For what the stream has no topic of: asks again when tasks or pulls change, never by a clock alone.
import { onScopeDispose, watch } from 'vue'
import { useLiveTasks } from '@/live/live'

// Calls at most once in so many milliseconds, and once more after the last change.
export function useTaskNudge(ask: () => unknown, calmMs = 2000): void {
  const live = useLiveTasks()
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(live, (now, before) => {
    if (now === undefined || before === undefined || timer !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      void ask()
    }, calmMs)
  })
  onScopeDispose(() => clearTimeout(timer))
}
