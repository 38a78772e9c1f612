// Limits, health and version of the coordinator.
import { authorized } from '@/auth/session'
import { body, client } from './http'
import { fromAnswer, fromThrown } from './errors'
import type { components } from './schema'

type Schemas = components['schemas']

export type Limits = Schemas['Limits']
export type UpdateLimits = Schemas['UpdateLimits']
export type HostLimit = Schemas['HostLimit']
export type RegistryState = Schemas['RegistryState']
export type Health = Schemas['Health']

export function getLimits(): Promise<Limits> {
  return body(client.GET('/api/v1/limits'))
}

export function updateLimits(request: UpdateLimits): Promise<Limits> {
  return body(client.PATCH('/api/v1/limits', { body: request }))
}

// "Not ready" is an answer, not an error.
export async function getReadiness(): Promise<Health> {
  try {
    const response = await authorized((headers) => fetch('/readyz', { headers, cache: 'no-store' }))
    const answer: unknown = await response.json().catch(() => undefined)
    if (response.ok || response.status === 503) return answer as Health
    throw fromAnswer(response, answer)
  } catch (cause) {
    throw fromThrown(cause)
  }
}

// The version that the coordinator's own description of its API names.
export async function getVersion(): Promise<string> {
  try {
    const response = await authorized((headers) => fetch('/api/v1/openapi.json', { headers }))
    const answer = (await response.json().catch(() => undefined)) as { info?: { version?: string } } | undefined
    if (!response.ok) throw fromAnswer(response, answer)
    return answer?.info?.version ?? ''
  } catch (cause) {
    throw fromThrown(cause)
  }
}
