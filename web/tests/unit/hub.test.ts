import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApiError } from '@/api/errors'
import type { ConnectionHooks } from '@/live/connection'
import { Hub } from '@/live/hub'
import { reduce } from '@/live/reducer'
import { emptyState, type LiveState } from '@/live/state'
import type { TabMessage } from '@/live/tabs'
import { taskOf } from './samples'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

// A browser with tabs, a channel and locks, and the streams that its tabs have opened.
class Browser {
  readonly streams: { url: string; hooks: ConnectionHooks; open: boolean }[] = []
  private readonly waiting: { tab: string; start: () => void }[] = []
  private readonly receivers = new Map<string, (message: TabMessage) => void>()
  private readonly mourners = new Map<string, (() => void)[]>()
  private leader: string | undefined

  get open() {
    return this.streams.filter((stream) => stream.open)
  }

  tab(name: string) {
    const seen = { state: emptyState as LiveState, gone: [] as string[], errors: [] as ApiError[], topics: new Set<string>() }
    const hub = new Hub(
      {
        state: () => seen.state,
        onOpen: () => undefined,
        onClosed: (error) => seen.errors.push(error),
        onGone: (topic) => seen.gone.push(topic),
        onEvent(event) {
          const step = reduce(seen.state, event, seen.topics)
          if (step.kind === 'applied') seen.state = step.state
          return step.kind !== 'lost'
        },
      },
      (receive) => this.join(name, receive),
      (url, hooks) => {
        const stream = { url, hooks, open: true }
        this.streams.push(stream)
        return { close: () => (stream.open = false), hurry: () => undefined }
      },
    )
    const want = (...topics: string[]) => {
      seen.topics = new Set(topics)
      hub.want(topics)
      vi.advanceTimersByTime(100)
    }
    return { hub, seen, want }
  }

  close(name: string) {
    this.receivers.delete(name)
    if (this.leader === name) {
      this.leader = undefined
      this.elect()
    }
    for (const mourn of this.mourners.get(name) ?? []) mourn()
    vi.advanceTimersByTime(100)
  }

  private join(name: string, receive: (message: TabMessage) => void) {
    this.receivers.set(name, receive)
    return {
      tab: name,
      post: (message: TabMessage) => {
        for (const [other, hear] of [...this.receivers]) if (other !== name) hear(structuredClone(message))
      },
      lead: (start: () => void) => {
        this.waiting.push({ tab: name, start })
        queueMicrotask(() => this.elect())
      },
      whenGone: (tab: string, then: () => void) => this.mourners.set(tab, [...(this.mourners.get(tab) ?? []), then]),
      close: () => undefined,
    }
  }

  private elect() {
    if (this.leader !== undefined) return
    const next = this.waiting.find(({ tab }) => this.receivers.has(tab))
    if (!next) return
    this.leader = next.tab
    this.waiting.splice(this.waiting.indexOf(next), 1)
    next.start()
  }
}

const snapshot = (version: number, ids: string[]) => ({
  event: 'snapshot',
  id: `r-${version}`,
  data: JSON.stringify({ version, topics: { tasks: { tasks: ids.map((id) => taskOf(id)), total: ids.length } } }),
})
const settle = () => vi.advanceTimersByTimeAsync(100)
const ids = (state: LiveState) => state.tasks?.tasks.map((task) => task.taskId)

test('two tabs have one stream, for the topics of both', async () => {
  const browser = new Browser()
  const [one, two] = [browser.tab('one'), browser.tab('two')]
  await settle()
  one.want('tasks')
  two.want('changes')
  expect(browser.open).toHaveLength(1)
  expect(browser.open[0]?.url).toBe('/api/v1/events?topics=changes,tasks')
})

test('a newcomer is told what is known; changes reach all', async () => {
  const browser = new Browser()
  const one = browser.tab('one')
  await settle()
  one.want('tasks')
  browser.open[0]?.hooks.onEvent(snapshot(1, ['a']))
  const two = browser.tab('two')
  await settle()
  two.want('tasks')
  expect(ids(two.seen.state)).toEqual(['a'])
  expect(browser.streams).toHaveLength(1)
  const delta = { event: 'delta', id: 'r-2', data: JSON.stringify({ version: 2, removedTasks: ['a'] }) }
  browser.open[0]?.hooks.onEvent(delta)
  expect(ids(one.seen.state)).toEqual([])
  expect(ids(two.seen.state)).toEqual([])
})

test('when the leading tab is closed another one opens the stream', async () => {
  const browser = new Browser()
  const [one, two] = [browser.tab('one'), browser.tab('two')]
  await settle()
  one.want('tasks')
  two.want('tasks')
  one.hub.close()
  browser.close('one')
  await settle()
  expect(browser.open).toHaveLength(1)
  browser.open[0]?.hooks.onEvent(snapshot(7, ['b']))
  expect(ids(two.seen.state)).toEqual(['b'])
})

test('what a closed tab looked at is no longer asked for', async () => {
  const browser = new Browser()
  const [one, two] = [browser.tab('one'), browser.tab('two')]
  await settle()
  one.want('tasks')
  two.want('changes')
  browser.close('two')
  await settle()
  expect(browser.open[0]?.url).toBe('/api/v1/events?topics=tasks')
})

test('a task that is not there ends its own topic, not the stream', async () => {
  const browser = new Browser()
  const one = browser.tab('one')
  await settle()
  one.want('tasks', 'task:x')
  browser.open[0]?.hooks.onClosed(new ApiError(404, 'not_found', 'Not Found', undefined, undefined, undefined, 'x'))
  await settle()
  expect(one.seen.gone).toEqual(['task:x'])
  expect(one.seen.errors).toEqual([])
  expect(browser.open.map((stream) => stream.url)).toEqual(['/api/v1/events?topics=tasks'])
})
