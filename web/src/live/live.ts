// What components use of the stream. They say which topics they look at; whatever all of them need, in all tabs, is one connection.
import { computed, onScopeDispose, shallowRef, toValue, watch, type ComputedRef, type MaybeRefOrGetter } from 'vue'
import type { ApiError } from '@/api/errors'
import { useSession } from '@/auth/session'
import { Hub } from './hub'
import { PullTable } from './pulls'
import { keepTopics, reduce } from './reducer'
import { emptyState, taskTopic, type LiveEvent, type LiveState, type Noun, type TasksView, type TaskView } from './state'
import { openTabs } from './tabs'

// connecting: nothing yet. live: what is shown is true now. reconnecting: lost a moment ago. stale: lost for longer, figures are old.
export type LiveStatus = 'off' | 'connecting' | 'live' | 'reconnecting' | 'stale'

// Lost for this long, and the figures on the screen are called stale.
const staleAfterMs = 15_000

const state = shallowRef<LiveState>(emptyState)
const status = shallowRef<LiveStatus>('off')
const problem = shallowRef<ApiError>()
const lastEventAt = shallowRef<Date>()
const wanted = new Map<string, number>()

let hub: Hub | undefined
let topics: ReadonlySet<string> = new Set()
let turnStale: ReturnType<typeof setTimeout> | undefined

function setStatus(next: LiveStatus): void {
  clearTimeout(turnStale)
  status.value = next
  if (next === 'reconnecting') turnStale = setTimeout(() => (status.value = 'stale'), staleAfterMs)
}

const hooks = {
  state: () => state.value,
  onOpen(resumed: boolean): void {
    problem.value = undefined
    // Without a change there is no event: that the stream goes on says that all is true still.
    if (resumed && state.value.lastId) setStatus('live')
  },
  onEvent(event: LiveEvent): boolean {
    const step = reduce(state.value, event, topics)
    if (step.kind === 'lost') return false
    if (step.kind === 'applied') state.value = step.state
    lastEventAt.value = new Date()
    if (status.value !== 'live') setStatus('live')
    return true
  },
  onClosed(error: ApiError): void {
    problem.value = error
    if (status.value === 'live' || status.value === 'connecting') setStatus('reconnecting')
  },
  onGone(topic: string): void {
    const details = new Map(state.value.details)
    details.set(topic.slice(5), { task: undefined, pulls: new PullTable(), totalPulls: 0, revision: 0 })
    state.value = { ...state.value, details }
  },
}

function follow(): void {
  const now = [...wanted.keys()].sort()
  topics = new Set(now)
  state.value = keepTopics(state.value, topics)
  if (now.length === 0) setStatus('off')
  else if (status.value === 'off') setStatus('connecting')
  hub?.want(now)
}

// The stream belongs to whoever is logged in: tabs of somebody else do not share it.
export function startLive(): void {
  const { admitted, user } = useSession()
  watch(
    () => (admitted.value ? String(user.value?.id ?? 'open') : undefined),
    (group) => {
      hub?.close()
      hub = undefined
      state.value = emptyState
      setStatus('off')
      if (group === undefined) return
      hub = new Hub(hooks, (receive) => openTabs(group, receive))
      follow()
    },
    { immediate: true },
  )
  const hurry = () => {
    if (document.visibilityState === 'visible' && status.value !== 'live') hub?.hurry()
  }
  window.addEventListener('online', hurry)
  document.addEventListener('visibilitychange', hurry)
}

function count(topic: string, by: 1 | -1): void {
  const users = (wanted.get(topic) ?? 0) + by
  if (users > 0) wanted.set(topic, users)
  else wanted.delete(topic)
  if (users === (by === 1 ? 1 : 0)) queueFollow()
}

// A page that leaves and one that comes change topics in the same moment: what both look at is kept.
let queued = false
function queueFollow(): void {
  if (queued) return
  queued = true
  setTimeout(() => {
    queued = false
    follow()
  })
}

// Undefined is no topic.
function useTopic(topic: MaybeRefOrGetter<string | undefined>): void {
  watch(
    () => toValue(topic),
    (now, _, onCleanup) => {
      if (now === undefined) return
      count(now, 1)
      onCleanup(() => count(now, -1))
    },
    { immediate: true },
  )
}

export function useLiveTasks(): ComputedRef<TasksView | undefined> {
  useTopic('tasks')
  return computed(() => state.value.tasks)
}

// Calls back when some of these things changed, at most once in so many milliseconds, and once more after the last change.
export function useChanges(nouns: readonly Noun[], then: () => unknown, calmMs: MaybeRefOrGetter<number> = 300): void {
  useTopic('changes')
  let timer: ReturnType<typeof setTimeout> | undefined
  const newest = () => {
    const { changes } = state.value
    return changes && Math.max(...[...nouns, 'all'].map((noun) => changes.get(noun) ?? 0))
  }
  watch(newest, (now, before) => {
    if (now === undefined || before === undefined || timer !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      void then()
    }, toValue(calmMs))
  })
  onScopeDispose(() => clearTimeout(timer))
}

export function useLiveTask(id: MaybeRefOrGetter<string | undefined>): ComputedRef<TaskView | undefined> {
  useTopic(() => {
    const known = toValue(id)
    return known === undefined ? undefined : taskTopic(known)
  })
  return computed(() => state.value.details.get(toValue(id) ?? ''))
}

export function useLiveStatus() {
  return { status, problem, lastEventAt, isLive: computed(() => status.value === 'live') }
}

// Calls back when the stream is there again after it was away: what it does not carry may have changed.
export function onLiveAgain(then: () => void): void {
  let away = false
  const stop = watch(status, (now) => {
    if (now === 'live' && away) then()
    if (now === 'live') away = false
    else if (now === 'reconnecting' || now === 'stale') away = true
  })
  onScopeDispose(stop)
}
