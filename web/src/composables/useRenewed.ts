// Keeps a query true: asked again when something changed, and when the stream is there again after it was away. A question that waits for its
// answer is not broken off for that, or a slow coordinator would never get to answer; it is asked once more afterwards.
import { onScopeDispose, watch, type MaybeRefOrGetter, type Ref } from 'vue'
import { onLiveAgain, useChanges, useLiveTasks } from '@/live/live'
import type { Noun } from '@/live/state'

// What it needs of a query of the cache.
interface Query {
  isFetching: Ref<boolean>
  isEnabled: Ref<boolean>
  // It failed, and there is nothing to show but the error.
  isLoadingError: Ref<boolean>
  refetch: () => unknown
}

// Gives what asks now, or once the question that is open has ended. An error that is all there is to see stays until somebody tries again.
export function useRenew({ isFetching, isEnabled, isLoadingError, refetch }: Query): () => void {
  let again = false
  const renew = () => {
    if (isFetching.value) again = true
    else if (isEnabled.value && !isLoadingError.value) void refetch()
  }
  watch(isFetching, (busy) => {
    if (busy || !again) return
    again = false
    renew()
  })
  return renew
}

// The stream is there again: what failed while it was away is worth another try.
function useLiveAgain(query: Query, renew: () => void): void {
  onLiveAgain(() => (query.isLoadingError.value && query.isEnabled.value ? void query.refetch() : renew()))
}

// Asked again when some of these things changed; gives what asks for any other reason.
export function useRenewed(query: Query, nouns: readonly Noun[], calmMs?: MaybeRefOrGetter<number>): () => void {
  const renew = useRenew(query)
  if (nouns.length > 0) useChanges(nouns, renew, calmMs)
  useLiveAgain(query, renew)
  return renew
}

// For what the stream says nothing of: asked again when tasks or pulls change, at most once in so many milliseconds, and once more after the last
// change.
export function useRenewedByTasks(query: Query, calmMs = 2000): void {
  const renew = useRenew(query)
  const live = useLiveTasks()
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(live, (now, before) => {
    if (now === undefined || before === undefined || timer !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      renew()
    }, calmMs)
  })
  onScopeDispose(() => clearTimeout(timer))
  useLiveAgain(query, renew)
}
