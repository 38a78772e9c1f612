import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ApiError } from '@/api/errors'
import { backOffMs, Connection, silenceMs } from '@/live/connection'
import type { StreamEvent } from '@/live/parser'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

// A coordinator whose streams the test writes itself.
function standIn() {
  const streams: { send: (text: string) => void; end: () => void; headers: Headers }[] = []
  let refusal: Response | undefined
  vi.stubGlobal('fetch', (_url: string, init: RequestInit) => {
    if (refusal) return Promise.resolve(refusal.clone())
    let controller: ReadableStreamDefaultController<Uint8Array>
    const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) })
    init.signal?.addEventListener('abort', () => {
      try {
        controller.error(init.signal?.reason)
      } catch {
        // It had ended before.
      }
    })
    streams.push({
      send: (text) => controller.enqueue(new TextEncoder().encode(text)),
      end: () => controller.close(),
      headers: new Headers(init.headers),
    })
    return Promise.resolve(new Response(body, { status: 200 }))
  })
  return { streams, refuse: (answer: Response | undefined) => (refusal = answer) }
}

function start(answer = true) {
  const seen = { events: [] as StreamEvent[], errors: [] as ApiError[], lastId: '' }
  const connection = new Connection('/api/v1/events?topics=tasks', {
    lastId: () => seen.lastId,
    onOpen: () => undefined,
    onEvent: (event) => {
      seen.events.push(event)
      seen.lastId = answer ? event.id : ''
      return answer
    },
    onClosed: (error) => seen.errors.push(error),
  })
  return { seen, connection }
}

const settle = () => vi.advanceTimersByTimeAsync(0)

test('goes on with Last-Event-ID after the stream ended', async () => {
  const { streams } = standIn()
  const { seen, connection } = start()
  await settle()
  expect(streams[0]?.headers.has('last-event-id')).toBe(false)
  streams[0]?.send('event: snapshot\nid: r-5\ndata: {}\n\n')
  await settle()
  streams[0]?.end()
  await vi.advanceTimersByTimeAsync(1000)
  expect(seen.errors).toHaveLength(1)
  expect(streams[1]?.headers.get('last-event-id')).toBe('r-5')
  connection.close()
})

test('a silent stream is given up, heartbeats keep it', async () => {
  const { streams } = standIn()
  const { seen, connection } = start()
  await settle()
  await vi.advanceTimersByTimeAsync(silenceMs - 1000)
  streams[0]?.send(': heartbeat\n\n')
  await vi.advanceTimersByTimeAsync(silenceMs - 1000)
  expect(seen.errors).toHaveLength(0)
  await vi.advanceTimersByTimeAsync(3000)
  expect(seen.errors).toHaveLength(1)
  expect(streams).toHaveLength(2)
  connection.close()
})

test('an event that leads nowhere opens the stream anew, without an id', async () => {
  const { streams } = standIn()
  const { connection } = start(false)
  await settle()
  streams[0]?.send('event: delta\nid: r-5\ndata: {}\n\n')
  await vi.advanceTimersByTimeAsync(1000)
  expect(streams).toHaveLength(2)
  expect(streams[1]?.headers.has('last-event-id')).toBe(false)
  connection.close()
})

test('a refusal is told with its code and tried again; hurry ends the wait', async () => {
  const { streams, refuse } = standIn()
  refuse(Response.json({ error: 'Unavailable', code: 'unavailable', requestId: 'r1' }, { status: 503 }))
  const { seen, connection } = start()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(seen.errors.length).toBeGreaterThan(3)
  expect(seen.errors.length).toBeLessThan(20)
  expect(seen.errors[0]).toMatchObject({ status: 503, code: 'unavailable', requestId: 'r1' })
  refuse(undefined)
  connection.hurry()
  await settle()
  expect(streams).toHaveLength(1)
  connection.close()
})

test('nothing happens after close', async () => {
  const { streams } = standIn()
  const { seen, connection } = start()
  await settle()
  connection.close()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(streams).toHaveLength(1)
  expect(seen.errors).toHaveLength(0)
})

test('the back-off grows, has jitter and an end', () => {
  expect(backOffMs(0, () => 0)).toBe(250)
  expect(backOffMs(0, () => 1)).toBe(500)
  expect(backOffMs(3, () => 1)).toBe(4000)
  expect(backOffMs(50, () => 1)).toBe(15_000)
})
