// One stream for all tabs of a browser. The tab that leads opens it for the topics of all of them and passes on what comes; when it goes,
// another one leads. Knows connections and tabs, not what the events mean, but for where a newcomer begins.
import { ApiError } from '@/api/errors'
import { Connection, type ConnectionHooks } from './connection'
import { asSnapshot, type LiveEvent, type LiveState } from './state'
import type { TabMessage, Tabs } from './tabs'

export interface HubHooks {
  // Answers false when the event leads nowhere from here: begin anew.
  onEvent(event: LiveEvent): boolean
  // `resumed`: what is known goes on to be true.
  onOpen(resumed: boolean): void
  onClosed(error: ApiError): void
  onGone(topic: string): void
  // What the leader knows, for newcomers.
  state(): LiveState
}

// Topics change in groups (a page leaves, another one comes): open once for all.
const settleMs = 30

type Open = (url: string, hooks: ConnectionHooks) => Pick<Connection, 'close' | 'hurry'>

export class Hub {
  private mine: readonly string[] = []
  private readonly others = new Map<string, readonly string[]>()
  private readonly gone = new Set<string>()
  private readonly tabs: Tabs | undefined
  private leads = false
  private connection: ReturnType<Open> | undefined
  private open = ''
  private lastId = ''
  private settle: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly hooks: HubHooks,
    join: (receive: (message: TabMessage) => void) => Tabs | undefined,
    private readonly connect: Open = (url, own) => new Connection(url, own),
  ) {
    this.tabs = join((message) => this.receive(message))
    if (this.tabs) this.tabs.lead(() => this.takeLead())
    else this.leads = true
  }

  // The topics that this tab looks at from now on.
  want(topics: readonly string[]): void {
    const anew = topics.some((topic) => !this.mine.includes(topic))
    this.mine = topics
    if (this.leads) this.reopenSoon()
    else this.say(anew)
  }

  // Ends a wait between two tries.
  hurry(): void {
    this.connection?.hurry()
  }

  close(): void {
    clearTimeout(this.settle)
    this.connection?.close()
    if (!this.leads) this.tabs?.post({ kind: 'want', tab: this.tabs.tab, topics: [], anew: false })
    this.tabs?.close()
  }

  private say(anew: boolean): void {
    if (this.tabs) this.tabs.post({ kind: 'want', tab: this.tabs.tab, topics: this.mine, anew })
  }

  private takeLead(): void {
    this.leads = true
    this.tabs?.post({ kind: 'lead', tab: this.tabs.tab })
    this.reopenSoon()
  }

  private receive(message: TabMessage): void {
    switch (message.kind) {
      case 'want':
        if (this.leads) this.hear(message)
        return
      case 'lead':
        if (this.mine.length > 0) this.say(true)
        return
      case 'event':
        if (this.leads || (message.to !== undefined && message.to !== this.tabs?.tab)) return
        // Before the first snapshot changes lead nowhere; it is on its way.
        if (!this.hooks.onEvent(message.event) && message.event.event !== 'delta') this.say(true)
        return
      case 'open':
        return this.hooks.onOpen(message.resumed)
      case 'closed': {
        const { status, code, message: text, details, field, requestId } = message.error
        return this.hooks.onClosed(new ApiError(status, code, text, details, field, requestId))
      }
      case 'gone':
        return this.hooks.onGone(message.topic)
    }
  }

  private hear({ tab, topics, anew }: Extract<TabMessage, { kind: 'want' }>): void {
    const known = this.others.has(tab)
    if (topics.length === 0) this.others.delete(tab)
    else this.others.set(tab, topics)
    if (!known && topics.length > 0) this.tabs?.whenGone(tab, () => this.forget(tab))
    const state = this.hooks.state()
    const isKnown = state.lastId !== '' && topics.every((topic) => this.mine.includes(topic))
    if (anew && isKnown) this.tabs?.post({ kind: 'event', event: asSnapshot(state), to: tab })
    // What only another tab looks at is not kept here: a new snapshot for all.
    else if (anew) this.open = ''
    this.reopenSoon()
  }

  private forget(tab: string): void {
    this.others.delete(tab)
    this.reopenSoon()
  }

  private openTopics(): Set<string> {
    return new Set(this.open.split(',').filter((topic) => topic !== ''))
  }

  private reopenSoon(): void {
    clearTimeout(this.settle)
    this.settle = setTimeout(() => this.reopen(), settleMs)
  }

  private reopen(): void {
    const topics = new Set([this.mine, ...this.others.values()].flat())
    for (const topic of this.gone) if (!topics.has(topic)) this.gone.delete(topic)
    const wanted = [...topics].filter((topic) => !this.gone.has(topic)).sort().join(',')
    if (wanted === this.open) return
    this.open = wanted
    this.connection?.close()
    this.connection = undefined
    // A stream of other topics begins with a snapshot: the old place means nothing to it.
    this.lastId = ''
    if (wanted === '') return
    const query = wanted.split(',').map(encodeURIComponent).join(',')
    this.connection = this.connect(`/api/v1/events?topics=${query}`, this.connectionHooks())
  }

  private connectionHooks(): ConnectionHooks {
    return {
      lastId: () => this.lastId,
      onOpen: () => {
        const resumed = this.lastId !== ''
        this.tabs?.post({ kind: 'open', resumed })
        this.hooks.onOpen(resumed)
      },
      onEvent: ({ event, id, data }) => this.pass({ event, id, body: parsed(data) }),
      onClosed: (error) => this.closed(error),
    }
  }

  private pass(event: LiveEvent): boolean {
    this.lastId = event.id
    if (!this.hooks.onEvent(event)) {
      this.lastId = ''
      return false
    }
    if (this.others.size > 0) this.tabs?.post({ kind: 'event', event })
    return true
  }

  private closed(error: ApiError): void {
    // A task that is not there: the stream is refused as a whole, so go on without it.
    const topic = error.status === 404 ? [...this.openTopics()].find((open) => open === `task:${error.taskId ?? ''}`) : undefined
    if (topic) {
      this.gone.add(topic)
      this.tabs?.post({ kind: 'gone', topic })
      this.hooks.onGone(topic)
      return this.reopen()
    }
    const { status, code, message, details, field, requestId } = error
    this.tabs?.post({ kind: 'closed', error: { status, code, message, details, field, requestId } })
    this.hooks.onClosed(error)
  }
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return undefined
  }
}
