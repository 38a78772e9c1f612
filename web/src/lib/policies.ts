// What a policy is to be called as a whole. Pure.
import type { Policy, PolicyCondition } from '@/api/policies'

export const policyStates = ['paused', 'held', 'tooLarge', 'flapping', 'empty', 'warm', 'stuck', 'warming'] as const
export type PolicyState = (typeof policyStates)[number]

const holds = (policy: Policy, type: string) => policy.conditions.find((condition) => condition.type === type)?.status === 'True'
const fails = (policy: Policy, type: string) => policy.conditions.find((condition) => condition.type === type)?.status === 'False'

// The first thing that is to be said.
export function policyState(policy: Policy): PolicyState {
  if (policy.paused) return 'paused'
  if (holds(policy, 'Held')) return 'held'
  if (fails(policy, 'Matched')) return 'empty'
  if (holds(policy, 'TooLarge')) return 'tooLarge'
  if (holds(policy, 'Flapping')) return 'flapping'
  const { warm, total, cold, paused } = policy.coverage
  if (warm >= total) return 'warm'
  // Nothing is left that it would order: each image that is missing was removed twice where it is missing.
  return paused > 0 && cold === 0 ? 'stuck' : 'warming'
}

// What is not as it should be. That not all is warm is what the coverage says, and a pause is no trouble.
export function troubles({ conditions, paused }: Policy): PolicyCondition[] {
  const told = conditions.filter(({ type }) => type !== 'Warm' && !(paused && type === 'Held'))
  return told.filter(({ type, status }) => status === (type === 'Matched' || type === 'Followed' ? 'False' : 'True'))
}

// Of these the coordinator's words say what the console says already, and behind a semicolon what went before.
const plainReasons = new Set(['inventory_unknown', 'other_digest', 'due', 'not_shown', 'pulling'])

// What the coordinator says beyond the reason.
export function moreToSay({ reason, message }: { reason?: string; message?: string }): string {
  if (reason === undefined || message === undefined || !plainReasons.has(reason)) return message ?? ''
  return message.split('; ').slice(1).join('; ')
}

// Which workloads it follows, as it was asked for.
export function workloadsText({ kinds, namespaces, selector }: NonNullable<Policy['workloads']>): string {
  return [kinds.join(', '), namespaces.join(', '), selector].filter(Boolean).join(' · ')
}

// Where pods may be: nodes with all labels of any of these.
export function placesText(places: readonly Readonly<Record<string, string>>[]): string {
  const one = (labels: Readonly<Record<string, string>>) => Object.entries(labels).map(([key, value]) => `${key}=${value}`)
  return places.map((labels) => one(labels).join(', ')).join(' / ')
}

// Policies with the least of their images warm first; those that keep nothing last.
export function leastCovered(policies: readonly Policy[], most: number): Policy[] {
  const rank = ({ coverage }: Policy) => (coverage.total === 0 ? 2 : coverage.warm / coverage.total)
  return [...policies].sort((a, b) => rank(a) - rank(b)).slice(0, most)
}
