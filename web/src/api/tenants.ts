// Tenants: whose work may go where, and how much of it.
import { body, client, nothing } from './http'
import type { Schema } from './types'

export type Tenant = Schema<'Tenant'>
export type CreateTenant = Schema<'CreateTenant'>
export type UpdateTenant = Schema<'UpdateTenant'>

export async function listTenants(): Promise<Tenant[]> {
  return (await body(client.GET('/api/v1/tenants'))).tenants
}

// That of whoever asks.
export function getOwnTenant(): Promise<Tenant> {
  return body(client.GET('/api/v1/tenant'))
}

export function createTenant(request: CreateTenant): Promise<Tenant> {
  return body(client.POST('/api/v1/tenants', { body: request }))
}

export function updateTenant(id: string, request: UpdateTenant): Promise<Tenant> {
  return body(client.PUT('/api/v1/tenants/{id}', { params: { path: { id } }, body: request }))
}

export function deleteTenant(id: string): Promise<void> {
  return nothing(client.DELETE('/api/v1/tenants/{id}', { params: { path: { id } } }))
}
