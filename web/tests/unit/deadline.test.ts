import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { answerMs, fetchInTime } from '@/api/deadline'
import { fromThrown } from '@/api/errors'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

// Never answers; ends only when it is told to.
function silence(): void {
  vi.stubGlobal('fetch', (_input: unknown, { signal }: { signal: AbortSignal }) => new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  }))
}

test('a call that nobody answers fails in time, as one that reached nobody', async () => {
  silence()
  const outcome = fetchInTime('/api/v1/tasks').catch(fromThrown)
  let ended = false
  void outcome.then(() => (ended = true))
  await vi.advanceTimersByTimeAsync(answerMs - 1)
  expect(ended).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(await outcome).toMatchObject({ status: 0, code: 'no_answer', message: 'no answer within 40 s' })
})

test('whoever asked may give up sooner', async () => {
  silence()
  const asked = new AbortController()
  const outcome = fetchInTime(new Request('http://localhost/api/v1/tasks', { signal: asked.signal })).catch((cause: unknown) => cause)
  asked.abort(new Error('not needed any more'))
  expect(await outcome).toMatchObject({ message: 'not needed any more' })
  expect(vi.getTimerCount()).toBe(0)
})

test('an answer that has begun is not cut off', async () => {
  let given: AbortSignal | undefined
  vi.stubGlobal('fetch', (_input: unknown, { signal }: { signal: AbortSignal }) => {
    given = signal
    return Promise.resolve(new Response('rows'))
  })
  const response = await fetchInTime('/api/v1/audit')
  await vi.advanceTimersByTimeAsync(10 * answerMs)
  expect(given?.aborted).toBe(false)
  expect(await response.text()).toBe('rows')
})
