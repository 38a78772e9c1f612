// Standing policies and how far they are true.
import { body, client, nothing } from './http'
import type { components } from './schema'

type Schemas = components['schemas']

export type Policy = Schemas['Policy']
export type PolicyPage = Schemas['PolicyPage']
export type PolicyCondition = Schemas['PolicyCondition']
export type PolicyCoverage = Schemas['PolicyCoverage']
export type CoverageCell = Schemas['CoverageCell']
export type CoverageCounts = Schemas['CoverageCounts']
export type ImageCoverage = Schemas['ImageCoverage']
export type CreatePolicy = Schemas['CreatePolicy']
export type UpdatePolicy = Schemas['UpdatePolicy']

export const cellStates = ['warm', 'cold', 'paused', 'unknown'] as const
export type CellState = (typeof cellStates)[number]
export const followModes = ['never', 'schedule', 'alert'] as const
export type FollowMode = (typeof followModes)[number]

export function listPolicies(limit: number, offset: number): Promise<PolicyPage> {
  return body(client.GET('/api/v1/policies', { params: { query: { limit, offset } } }))
}

export function getPolicy(id: string): Promise<Policy> {
  return body(client.GET('/api/v1/policies/{id}', { params: { path: { id } } }))
}

export async function createPolicy(request: CreatePolicy): Promise<Policy> {
  // Only `dryRun` is answered with a coverage instead.
  return (await body(client.POST('/api/v1/policies', { body: { ...request, dryRun: false } }))) as Policy
}

// What it would find now; nothing is saved or ordered.
export async function previewPolicy(request: CreatePolicy, signal?: AbortSignal): Promise<PolicyCoverage> {
  return (await body(client.POST('/api/v1/policies', { body: { ...request, dryRun: true }, signal }))) as PolicyCoverage
}

export function updatePolicy(id: string, request: UpdatePolicy): Promise<Policy> {
  return body(client.PUT('/api/v1/policies/{id}', { params: { path: { id } }, body: request }))
}

export function deletePolicy(id: string): Promise<void> {
  return nothing(client.DELETE('/api/v1/policies/{id}', { params: { path: { id } } }))
}

export function pausePolicy(id: string, reason: string): Promise<Policy> {
  return body(client.POST('/api/v1/policies/{id}/pause', { params: { path: { id } }, body: { reason: reason || undefined } }))
}

export function resumePolicy(id: string): Promise<Policy> {
  return body(client.POST('/api/v1/policies/{id}/resume', { params: { path: { id } } }))
}

export interface CellQuery {
  limit: number
  offset: number
  node?: string
  image?: string
  state?: string
}

export function getCoverage(id: string, query: CellQuery): Promise<PolicyCoverage> {
  return body(client.GET('/api/v1/policies/{id}/coverage', { params: { path: { id }, query } }))
}
