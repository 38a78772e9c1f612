// The way to the REST API: one client for all nouns (tasks.ts, nodes.ts ...), which logs in, and one error type.
import createClient from 'openapi-fetch'
import { authorized } from '@/auth/session'
import { fetchInTime } from './deadline'
import { fromAnswer, fromThrown } from './errors'
import type { paths } from './schema'

// The fetch of the moment of the call, so that tests can replace it.
export const client = createClient<paths>({
  fetch: (request) =>
    authorized((headers) => {
      const again = request.clone()
      for (const [name, value] of Object.entries(headers)) again.headers.set(name, value)
      return fetchInTime(again)
    }),
})

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

async function answer<T>(call: Promise<Answer<T>>): Promise<Answer<T>> {
  let got: Answer<T>
  try {
    got = await call
  } catch (cause) {
    throw fromThrown(cause)
  }
  if (!got.response.ok) throw fromAnswer(got.response, got.error)
  return got
}

// The body of an answer, or an ApiError.
export async function body<T>(call: Promise<Answer<T>>): Promise<T> {
  const got = await answer(call)
  if (got.data === undefined) throw fromAnswer(got.response, got.error)
  return got.data
}

// For answers without a body (204).
export async function nothing(call: Promise<Answer<unknown>>): Promise<void> {
  await answer(call)
}
