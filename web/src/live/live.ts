// The one stream of this tab. Components say which topics they look at; whatever they need together is one connection.
import { computed, onScopeDispose, shallowRef, toValue, watch, type ComputedRef, type MaybeRefOrGetter } from 'vue'
import type { ApiError } from '@/api/errors'
import type { Node } from '@/api/types'
import { Connection } from './connection'
import { keepTopics, reduce } from './reducer'
import { emptyState, taskTopic, type LiveState, type TasksView, type TaskView } from './state'

// connecting: nothing yet. live: what is shown is true now. reconnecting: lost a moment ago. stale: lost for longer, figures are old.
export type LiveStatus = 'off' | 'connecting' | 'live' | 'reconnecting' | 'stale'

// Lost for this long, and the figures on the screen are called stale.
const staleAfterMs = 15_000
// A page that leaves and one that comes change topics in the same moment: open once for both.
const settleMs = 30

const state = shallowRef<LiveState>(emptyState)
const status = shallowRef<LiveStatus>('off')
const problem = shallowRef<ApiError>()
const lastEventAt = shallowRef<Date>()
const wanted = new Map<string, number>()

let connection: Connection | undefined
let openTopics = ''
let settle: ReturnType<typeof setTimeout> | undefined
let turnStale: ReturnType<typeof setTimeout> | undefined

function setStatus(next: LiveStatus): void {
  clearTimeout(turnStale)
  status.value = next
  if (next === 'reconnecting') turnStale = setTimeout(() => (status.value = 'stale'), staleAfterMs)
}

function reopen(): void {
  const topics = [...wanted.keys()].sort()
  if (topics.join(',') === openTopics) return
  openTopics = topics.join(',')
  connection?.close()
  connection = undefined
  // A stream of other topics begins with a snapshot: the old place means nothing to it.
  state.value = { ...keepTopics(state.value, new Set(topics)), lastId: '', run: '', version: 0 }
  if (topics.length === 0) return setStatus('off')
  if (status.value === 'off') setStatus('connecting')
  connection = new Connection(`/api/v1/events?topics=${topics.map(encodeURIComponent).join(',')}`, hooks)
}

const hooks = {
  lastId: () => state.value.lastId,
  onOpen: () => (problem.value = undefined),
  onEvent(event: Parameters<typeof reduce>[1]): boolean {
    const step = reduce(state.value, event)
    if (step.kind === 'lost') {
      state.value = { ...state.value, lastId: '' }
      return false
    }
    if (step.kind === 'applied') state.value = step.state
    lastEventAt.value = new Date()
    if (status.value !== 'live') setStatus('live')
    return true
  },
  onClosed(error: ApiError): void {
    problem.value = error
    if (status.value === 'live' || status.value === 'connecting') setStatus('reconnecting')
  },
}

function count(topic: string, by: 1 | -1): void {
  const users = (wanted.get(topic) ?? 0) + by
  if (users > 0) wanted.set(topic, users)
  else wanted.delete(topic)
  clearTimeout(settle)
  settle = setTimeout(reopen, settleMs)
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

export function useLiveNodes(): ComputedRef<ReadonlyMap<string, Node> | undefined> {
  useTopic('nodes')
  return computed(() => state.value.nodes)
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

// Reconnects at once when the browser comes back instead of waiting out the back-off.
export function useWakeUps(): void {
  const hurry = () => {
    if (document.visibilityState === 'visible' && status.value !== 'live') connection?.hurry()
  }
  window.addEventListener('online', hurry)
  document.addEventListener('visibilitychange', hurry)
  onScopeDispose(() => {
    window.removeEventListener('online', hurry)
    document.removeEventListener('visibilitychange', hurry)
  })
}
