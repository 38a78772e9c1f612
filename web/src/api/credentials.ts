// Stored log-ins of registries. No answer ever has a password.
import { body, client, nothing } from './http'
import type { components } from './schema'

type Schemas = components['schemas']

export type Credential = Schemas['Secret']
export type CredentialPage = Schemas['SecretPage']
export type CredentialRequest = Schemas['SecretRequest']
export type CredentialTest = Schemas['SecretTest']
export type LoginResult = Schemas['LoginResult']

export function listCredentials(page: number, pageSize: number): Promise<CredentialPage> {
  return body(client.GET('/api/v1/secrets', { params: { query: { page, pageSize } } }))
}

export function createCredential(request: CredentialRequest): Promise<Credential> {
  return body(client.POST('/api/v1/secrets', { body: request }))
}

export function updateCredential(id: number, request: CredentialRequest): Promise<Credential> {
  return body(client.PUT('/api/v1/secrets/{id}', { params: { path: { id } }, body: request }))
}

export function deleteCredential(id: number): Promise<void> {
  return nothing(client.DELETE('/api/v1/secrets/{id}', { params: { path: { id } } }))
}

export function testCredential(id: number): Promise<CredentialTest> {
  return body(client.POST('/api/v1/secrets/{id}/test', { params: { path: { id } } }))
}
