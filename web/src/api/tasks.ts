// Calls about tasks and their pulls.
import { body, client } from './http'
import type { CreateTask, PullPage, PullState, Schema, Task, TaskPage, TaskState } from './types'

export type BulkAction = Schema<'BulkAction'>
export type BulkOutcome = Schema<'BulkOutcome'>
export type TaskPreview = Schema<'TaskPreview'>
export type Stats = Schema<'Stats'>

export interface TaskQuery {
  states?: readonly TaskState[]
  // Part of an id or of an image.
  q?: string
  sort?: string
  limit: number
  offset?: number
}

export function listTasks({ states = [], q, sort, limit, offset = 0 }: TaskQuery, signal?: AbortSignal): Promise<TaskPage> {
  const status = states.length > 0 ? states.join(',') : undefined
  return body(client.GET('/api/v1/tasks', { params: { query: { limit, offset, status, q: q || undefined, sort } }, signal }))
}

export function getTask(id: string): Promise<Task> {
  return body(client.GET('/api/v1/tasks/{id}', { params: { path: { id } } }))
}

export function getStats(): Promise<Stats> {
  return body(client.GET('/api/v1/stats'))
}

export async function createTask(request: CreateTask): Promise<Task> {
  // Only `dryRun` is answered with a preview instead.
  return (await body(client.POST('/api/v1/tasks', { body: { ...request, dryRun: false } }))) as Task
}

// What the body says stands instead of what the task has.
export async function cloneTask(id: string, changes: CreateTask): Promise<Task> {
  return (await body(client.POST('/api/v1/tasks/{id}/clone', { params: { path: { id } }, body: { ...changes, dryRun: false } }))) as Task
}

export function previewTask(request: CreateTask, signal?: AbortSignal): Promise<TaskPreview> {
  return body(client.POST('/api/v1/tasks/preview', { body: request, signal }))
}

// Each answers the task as it is then. `retry` tries the failed pulls again.
export function cancelTask(id: string): Promise<Task> {
  return body(client.POST('/api/v1/tasks/{id}/cancel', { params: { path: { id } } }))
}

export function pauseTask(id: string): Promise<Task> {
  return body(client.POST('/api/v1/tasks/{id}/pause', { params: { path: { id } } }))
}

export function resumeTask(id: string): Promise<Task> {
  return body(client.POST('/api/v1/tasks/{id}/resume', { params: { path: { id } } }))
}

export function retryTask(id: string): Promise<Task> {
  return body(client.POST('/api/v1/tasks/{id}/retry', { params: { path: { id } } }))
}

// Removes the record of an ended task; never cancels one.
export async function removeTask(id: string): Promise<void> {
  await body(client.DELETE('/api/v1/tasks/{id}', { params: { path: { id }, query: { mode: 'delete' } } }))
}

// Either these tasks or, without ids, those in the states (none: those that the action is meant for).
export function bulkTasks(action: BulkAction, which: { ids: readonly string[] } | { status: readonly TaskState[] }): Promise<BulkOutcome> {
  const target = 'ids' in which ? { ids: [...which.ids] } : { filter: { status: [...which.status] } }
  return body(client.POST('/api/v1/tasks/bulk', { body: { action, ...target } }))
}

export interface PullQuery {
  states?: readonly PullState[]
  node?: string
  image?: string
  limit: number
  offset?: number
}

export function listPulls(id: string, { states = [], node, image, limit, offset = 0 }: PullQuery): Promise<PullPage> {
  const query = { limit, offset, node: node || undefined, image: image || undefined, state: states.join(',') || undefined }
  return body(client.GET('/api/v1/tasks/{id}/pulls', { params: { path: { id }, query } }))
}
