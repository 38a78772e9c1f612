// Keeps one stream open: fetch, back-off, Last-Event-ID, watchdog. Knows HTTP and time, not what the events mean.
import { fromAnswer, fromThrown, type ApiError } from '@/api/errors'
import { authorized } from '@/auth/session'
import { EventParser, type StreamEvent } from './parser'

export interface ConnectionHooks {
  // Where to go on; empty starts with a snapshot.
  lastId(): string
  // Answers false to have the stream opened anew at once.
  onEvent(event: StreamEvent): boolean
  onOpen(): void
  onClosed(error: ApiError): void
}

// The coordinator sends at least a comment every 15 s; twice that and a bit of silence is a dead connection.
export const silenceMs = 35_000
const firstDelayMs = 500
const longestDelayMs = 15_000

// Exponential with jitter: between half and all of the step.
export function backOffMs(failures: number, random: () => number = Math.random): number {
  const step = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(failures, 10))
  return step / 2 + (random() * step) / 2
}

export class Connection {
  private readonly stop = new AbortController()
  private wake: () => void = () => undefined

  constructor(
    private readonly url: string,
    private readonly hooks: ConnectionHooks,
  ) {
    void this.run()
  }

  close(): void {
    this.stop.abort()
    this.wake()
  }

  // Ends a wait between two tries, for example when the browser says that it is online again.
  hurry(): void {
    this.wake()
  }

  private async run(): Promise<void> {
    let failures = 0
    while (!this.stop.signal.aborted) {
      try {
        await this.once(() => (failures = 0))
      } catch (cause) {
        if (this.stop.signal.aborted) return
        this.hooks.onClosed(fromThrown(cause))
      }
      if (this.stop.signal.aborted) return
      await this.pause(backOffMs(failures))
      failures += 1
    }
  }

  private async once(onEvent: () => void): Promise<void> {
    const attempt = new AbortController()
    const signal = AbortSignal.any([attempt.signal, this.stop.signal])
    const expire = () => attempt.abort(new Error('the stream went silent'))
    let watchdog = setTimeout(expire, silenceMs)
    try {
      const reader = await this.open(signal)
      const parser = new EventParser()
      for (;;) {
        const { done, value } = await reader.read()
        if (done) throw new Error('the coordinator closed the stream')
        clearTimeout(watchdog)
        watchdog = setTimeout(expire, silenceMs)
        for (const event of parser.push(value)) {
          onEvent()
          if (!this.hooks.onEvent(event)) return
        }
      }
    } finally {
      clearTimeout(watchdog)
      attempt.abort()
    }
  }

  private async open(signal: AbortSignal): Promise<ReadableStreamDefaultReader<string>> {
    const headers: Record<string, string> = { accept: 'text/event-stream' }
    const lastId = this.hooks.lastId()
    if (lastId) headers['last-event-id'] = lastId
    const response = await authorized((own) => fetch(this.url, { headers: { ...headers, ...own }, signal, cache: 'no-store' }))
    if (!response.ok || !response.body) {
      const answer: unknown = await response.json().catch(() => undefined)
      throw fromAnswer(response, answer)
    }
    this.hooks.onOpen()
    return response.body.pipeThrough(new TextDecoderStream()).getReader()
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
