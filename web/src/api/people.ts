// Users and the tokens of their programs.
import { body, client, nothing } from './http'
import type { components } from './schema'
import type { User } from './types'

type Schemas = components['schemas']

export type CreateUser = Schemas['CreateUser']
export type UpdateUser = Schemas['UpdateUser']
export type ApiToken = Schemas['ApiToken']
export type CreateToken = Schemas['CreateToken']
export type NewToken = Schemas['NewToken']

export function listUsers(): Promise<User[]> {
  return body(client.GET('/api/v1/users'))
}

export function createUser(request: CreateUser): Promise<User> {
  return body(client.POST('/api/v1/users', { body: request }))
}

export async function updateUser(id: number, request: UpdateUser): Promise<User> {
  return (await body(client.PUT('/api/v1/users/{id}', { params: { path: { id } }, body: request }))).user
}

export async function deleteUser(id: number): Promise<void> {
  await body(client.DELETE('/api/v1/users/{id}', { params: { path: { id } } }))
}

export async function listTokens(): Promise<ApiToken[]> {
  return (await body(client.GET('/api/v1/tokens'))).tokens
}

export function createToken(request: CreateToken): Promise<NewToken> {
  return body(client.POST('/api/v1/tokens', { body: request }))
}

export function revokeToken(id: number): Promise<void> {
  return nothing(client.DELETE('/api/v1/tokens/{id}', { params: { path: { id } } }))
}
