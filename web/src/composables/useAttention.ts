// What is wrong or soon will be, out of what the API says: tasks that fail or wait, policies that can't be kept, nodes that are away, registries
// that turn pulls away, limits that are 0, warnings of the coordinator.
import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import type { RouteLocationRaw } from 'vue-router'
import { body, client } from '@/api/http'
import type { Policy } from '@/api/policies'
import { getReadiness, type Health } from '@/api/system'
import { useI18n } from '@/i18n'
import { splitImage } from '@/lib/format'
import { troubles } from '@/lib/policies'
import { useLiveTasks } from '@/live/live'
import { useNewestPolicies } from './useNewestPolicies'
import { usePolicyCondition } from './usePolicyCondition'
import { useRenewed } from './useRenewed'
import { useStats } from './useStats'

export interface Attention {
  key: string
  tone: 'bad' | 'warn'
  text: string
  to?: RouteLocationRaw
}

const mostTasks = 5
const mostPolicies = 5

// What is broken before what only waits; within each, the order in which it was found.
export function worstFirst(items: readonly Attention[]): Attention[] {
  return [...items.filter((item) => item.tone === 'bad'), ...items.filter((item) => item.tone === 'warn')]
}

// A coordinator that is not ready says why; one that is may still warn.
export function ofHealth(health: Health | undefined): Attention[] {
  const line = (tone: Attention['tone']) => (text: string) => ({ key: text, tone, text, to: { name: 'about' } })
  return [...(health?.reasons ?? []).map(line('bad')), ...(health?.warnings ?? []).map(line('warn'))]
}

export function useAttention() {
  const { t } = useI18n()
  const live = useLiveTasks()
  const { stats } = useStats()
  const limits = useQuery({ queryKey: ['limits'], queryFn: () => body(client.GET('/api/v1/limits')) })
  const policies = useNewestPolicies()
  const condition = usePolicyCondition()
  const health = useQuery({ queryKey: ['readiness'], queryFn: getReadiness })
  useRenewed(limits, [])
  useRenewed(health, [])

  const ofTasks = computed((): Attention[] => {
    const tasks = live.value?.tasks ?? []
    const failed = tasks.filter((task) => task.status === 'failed' || (task.status === 'completed' && task.progress.failedPulls > 0))
    const waiting = tasks.filter((task) => task.waitingFor && task.status !== 'paused')
    const to = (id: string) => ({ name: 'task', params: { id } })
    const name = (images: readonly string[], id: string) => splitImage(images[0] ?? id)[1]
    return [
      ...failed.slice(0, mostTasks).map((task): Attention => ({
        key: `failed ${task.taskId}`,
        tone: 'bad',
        text: t('overview.taskFailed', { task: name(task.images, task.taskId) }, task.progress.failedPulls),
        to: to(task.taskId),
      })),
      ...waiting.slice(0, mostTasks).map((task): Attention => ({
        key: `waits ${task.taskId}`,
        tone: 'warn',
        text: t('overview.taskWaits', { task: name(task.images, task.taskId), what: task.waitingFor ?? '' }),
        to: to(task.taskId),
      })),
    ]
  })
  const ofPolicies = computed((): Attention[] => {
    // A registry on the path of pods that pull always is worth knowing, and nothing to be done now.
    const urgent = (policy: Policy) => troubles(policy).filter(({ type }) => type !== 'AlwaysPulled')
    const troubled = (policies.data.value?.policies ?? []).map((policy) => ({ policy, lines: urgent(policy) })).filter(({ lines }) => lines.length > 0)
    return troubled.slice(0, mostPolicies).map(({ policy, lines }) => ({
      key: `policy ${policy.id}`,
      tone: 'warn',
      text: t('overview.policyTroubled', { policy: policy.name, what: lines.map(({ type }) => condition(type)).join(', ') }),
      to: { name: 'policy', params: { id: policy.id } },
    }))
  })
  const ofNodes = computed((): Attention[] => {
    const nodes = stats.value?.nodes
    if (!nodes) return []
    const away = nodes.total - nodes.connected
    return away > 0 ? [{ key: 'nodes', tone: 'warn', text: t('overview.nodesAway', away), to: { name: 'nodes', query: { state: 'offline' } } }] : []
  })
  const registries = computed(() => (limits.data.value?.state.registries ?? []).filter((host) => host.paused || host.backingOffUntil || host.adaptiveLimit !== undefined))
  const ofLimits = computed((): Attention[] => [
    ...registries.value.map((host): Attention => ({
      key: `registry ${host.host}`,
      tone: host.paused ? 'warn' : 'bad',
      text: t(host.paused ? 'overview.registryPaused' : 'overview.registryThrottles', { host: host.host }),
      to: { name: 'registries' },
    })),
    ...(limits.data.value?.state.paused ?? []).map((name): Attention => ({
      key: `limit ${name}`,
      tone: 'warn',
      text: t('overview.limitZero', { name }),
      to: { name: 'settings' },
    })),
  ])
  return {
    items: computed(() => worstFirst([...ofHealth(health.data.value), ...ofTasks.value, ...ofPolicies.value, ...ofLimits.value, ...ofNodes.value])),
    // Registry hosts that turned pulls away or are held back.
    registries,
  }
}
