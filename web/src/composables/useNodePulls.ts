// Pulls of one node: those that wait or run, and those that have ended, page by page.
import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, shallowRef, watch, type Ref } from 'vue'
import { listNodePulls } from '@/api/nodes'
import type { Node, PullState } from '@/api/types'
import { useRenew, useRenewedByTasks } from './useRenewed'

const openStates: readonly PullState[] = ['pulling', 'dispatched', 'queued']
const endedStates: readonly PullState[] = ['succeeded', 'failed', 'skipped', 'cancelled']
// More than this wait at one node only where something is very wrong.
const mostOpen = 100
const step = 20
const calmMs = 1500

export function useNodePulls(name: Ref<string>, node: Ref<Node | undefined>) {
  const limit = shallowRef(step)
  watch(name, () => (limit.value = step))
  const now = useQuery({
    queryKey: ['node-pulls', 'open', name],
    queryFn: () => listNodePulls(name.value, openStates, mostOpen),
  })
  const before = useQuery({
    queryKey: ['node-pulls', 'ended', name, limit],
    queryFn: () => listNodePulls(name.value, endedStates, limit.value),
    placeholderData: keepPreviousData,
  })
  // Slots that are taken or freed, and tasks that come and go, are what changes this.
  useRenewedByTasks(now, calmMs)
  const renewBefore = useRenew(before)
  watch(
    () => [node.value?.runningPulls, node.value?.imageCount],
    (_, was) => {
      if (was[0] !== undefined) renewBefore()
    },
  )
  const open = computed(() => now.data.value?.pulls ?? [])
  const ended = computed(() => before.data.value?.pulls ?? [])
  return {
    now,
    before,
    open,
    ended,
    all: computed(() => [...open.value, ...ended.value]),
    isMore: computed(() => ended.value.length < (before.data.value?.total ?? 0)),
    lookBack: () => (limit.value += step),
  }
}
