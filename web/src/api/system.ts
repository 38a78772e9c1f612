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
export type System = Schemas['System']

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

// Version, parts and log of the coordinator.
export function getSystem(): Promise<System> {
  return body(client.GET('/api/v1/system'))
}

// Until the coordinator ends.
export function setLogLevel(filter: string): Promise<System> {
  return body(client.PUT('/api/v1/log-level', { body: { filter } }))
}
