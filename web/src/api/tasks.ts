// Calls about tasks and their pulls.
import { body, client } from './http'
import type { CreateTask, PullPage, Task, TaskPage, TaskState } from './types'

export interface TaskQuery {
  states?: readonly TaskState[]
  // Part of an id or of an image.
  q?: string
  sort?: string
  limit: number
  offset?: number
}

export function listTasks({ states = [], q, sort, limit, offset = 0 }: TaskQuery): Promise<TaskPage> {
  const status = states.length > 0 ? states.join(',') : undefined
  const more = { ...(q ? { q } : {}), ...(sort ? { sort } : {}) }
  return body(client.GET('/api/v1/tasks', { params: { query: { limit, offset, status, ...more } } }))
}

export function getTask(id: string): Promise<Task> {
  return body(client.GET('/api/v1/tasks/{id}', { params: { path: { id } } }))
}

export async function createTask(request: CreateTask): Promise<Task> {
  // Only `dryRun` is answered with a preview instead.
  return (await body(client.POST('/api/v1/tasks', { body: { ...request, dryRun: false } }))) as Task
}

export function cancelTask(id: string): Promise<Task> {
  return body(client.POST('/api/v1/tasks/{id}/cancel', { params: { path: { id } } }))
}

// Removes the record of an ended task; never cancels one.
export async function removeTask(id: string): Promise<void> {
  await body(client.DELETE('/api/v1/tasks/{id}', { params: { path: { id }, query: { mode: 'delete' } } }))
}

export function listPulls(id: string, limit: number): Promise<PullPage> {
  return body(client.GET('/api/v1/tasks/{id}/pulls', { params: { path: { id }, query: { limit } } }))
}
