// Images that people keep at hand.
import { body, client } from './http'
import type { components } from './schema'

type Schemas = components['schemas']

export type LibraryImage = Schemas['LibraryImage']
export type LibraryPage = Schemas['LibraryPage']
export type LibraryRequest = Schemas['LibraryRequest']
export type LibraryImportResult = Schemas['LibraryImportResult']
export type ImportedImage = Schemas['ImportedImage']

export function listLibrary(query: { limit: number; offset: number; tag?: string }): Promise<LibraryPage> {
  return body(client.GET('/api/v1/library', { params: { query } }))
}

export function addToLibrary(request: LibraryRequest): Promise<LibraryImage> {
  return body(client.POST('/api/v1/library', { body: request }))
}

export function importLibrary(images: LibraryRequest[]): Promise<LibraryImportResult> {
  return body(client.POST('/api/v1/library/import', { body: { images } }))
}

export function updateLibrary(id: number, request: LibraryRequest): Promise<LibraryImage> {
  return body(client.PUT('/api/v1/library/{id}', { params: { path: { id } }, body: request }))
}

export async function deleteFromLibrary(id: number): Promise<void> {
  await body(client.DELETE('/api/v1/library/{id}', { params: { path: { id } } }))
}
