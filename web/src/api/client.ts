// Every call to the REST API. Each function answers the body or throws an ApiError.
import createClient from 'openapi-fetch'
import { authorized } from '@/auth/session'
import { fromAnswer, fromThrown } from './errors'
import type { paths } from './schema'
import type { CreateTask, Node, NodePage, PullPage, Task, TaskPage, TaskState } from './types'

// The fetch of the moment of the call, so that tests can replace it.
const client = createClient<paths>({
  fetch: (request) =>
    authorized((headers) => {
      const again = request.clone()
      for (const [name, value] of Object.entries(headers)) again.headers.set(name, value)
      return fetch(again)
    }),
})

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

async function body<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>
  try {
    answer = await call
  } catch (cause) {
    throw fromThrown(cause)
  }
  if (!answer.response.ok || answer.data === undefined) throw fromAnswer(answer.response, answer.error)
  return answer.data
}

export interface TaskQuery {
  states: readonly TaskState[]
  limit: number
  offset: number
}

export function listTasks({ states, limit, offset }: TaskQuery): Promise<TaskPage> {
  const status = states.length > 0 ? states.join(',') : undefined
  return body(client.GET('/api/v1/tasks', { params: { query: { limit, offset, status } } }))
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

export function listNodes(selector: string, limit: number): Promise<NodePage> {
  return body(client.GET('/api/v1/nodes', { params: { query: { limit, selector: selector || undefined } } }))
}

export function getNode(name: string): Promise<Node> {
  return body(client.GET('/api/v1/nodes/{name}', { params: { path: { name } } }))
}
