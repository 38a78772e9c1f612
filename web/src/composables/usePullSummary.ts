// What the pulls of a task are like as a whole, worked out at most twice a second however many of them change.
import { computed, onScopeDispose, shallowRef, watch, type Ref } from 'vue'
import type { FailureReason, Pull, PullPhase, PullState } from '@/api/types'
import { hostOf } from '@/lib/imageReference'
import type { TaskView } from '@/live/state'

const calmMs = 500
const slowestShown = 8

export interface FailedGroup {
  reason: FailureReason | undefined
  host: string
  pulls: number
  nodes: readonly string[]
  images: readonly string[]
  example: Pull
}

export interface SlowNode {
  node: string
  ms: number
  bytes: number
  running: boolean
}

export interface PullSummary {
  states: ReadonlyMap<PullState, number>
  phases: ReadonlyMap<PullPhase, number>
  failed: readonly FailedGroup[]
  slowest: readonly SlowNode[]
  images: readonly string[]
}

const blank: PullSummary = { states: new Map(), phases: new Map(), failed: [], slowest: [], images: [] }

export function summarize(pulls: readonly Pull[], now: number): PullSummary {
  const states = new Map<PullState, number>()
  const phases = new Map<PullPhase, number>()
  const failed = new Map<string, { nodes: Set<string>; images: Set<string>; pulls: number; host: string; example: Pull }>()
  const slow = new Map<string, SlowNode>()
  const images = new Set<string>()
  for (const pull of pulls) {
    images.add(pull.image)
    states.set(pull.state, (states.get(pull.state) ?? 0) + 1)
    if (pull.state === 'pulling' && pull.phase) phases.set(pull.phase, (phases.get(pull.phase) ?? 0) + 1)
    if (pull.state === 'failed') addFailed(failed, pull)
    if (pull.startedAt) addTime(slow, pull, now)
  }
  return {
    states,
    phases,
    images: [...images],
    failed: [...failed.values()]
      .map(({ nodes, images: of, pulls: count, host, example }) => ({
        reason: example.failureReason ?? undefined,
        host,
        pulls: count,
        nodes: [...nodes],
        images: [...of],
        example,
      }))
      .sort((a, b) => b.pulls - a.pulls),
    slowest: [...slow.values()].sort((a, b) => b.ms - a.ms).slice(0, slowestShown),
  }
}

function addFailed(groups: Map<string, { nodes: Set<string>; images: Set<string>; pulls: number; host: string; example: Pull }>, pull: Pull): void {
  const host = hostOf(pull.image)
  const key = `${pull.failureReason ?? ''} ${host}`
  const group = groups.get(key) ?? { nodes: new Set(), images: new Set(), pulls: 0, host, example: pull }
  group.nodes.add(pull.nodeName)
  group.images.add(pull.image)
  group.pulls += 1
  groups.set(key, group)
}

function addTime(nodes: Map<string, SlowNode>, pull: Pull, now: number): void {
  const running = !pull.finishedAt
  const end = pull.finishedAt ? Date.parse(pull.finishedAt) : now
  const ms = end - Date.parse(pull.startedAt ?? '')
  const known = nodes.get(pull.nodeName)
  nodes.set(pull.nodeName, {
    node: pull.nodeName,
    ms: (known?.ms ?? 0) + Math.max(0, ms),
    bytes: (known?.bytes ?? 0) + pull.bytes.fetched,
    running: running || (known?.running ?? false),
  })
}

export function usePullSummary(view: Ref<TaskView | undefined>) {
  const summary = shallowRef(blank)
  let timer: ReturnType<typeof setTimeout> | undefined
  const work = () => {
    timer = undefined
    summary.value = view.value ? summarize(view.value.pulls.rows, Date.now()) : blank
  }
  watch(
    view,
    (_, before) => {
      if (before === undefined) work()
      else timer ??= setTimeout(work, calmMs)
    },
    { immediate: true },
  )
  onScopeDispose(() => clearTimeout(timer))
  return computed(() => summary.value)
}
