// What the tabs of one browser use to share a stream: a channel to talk, and locks to agree on who leads and to see who is gone.
import type { ApiError } from '@/api/errors'
import type { LiveEvent } from './state'

export type TabMessage =
  // The topics that a tab looks at; `anew`: it knows nothing yet of at least one of them.
  | { kind: 'want'; tab: string; topics: readonly string[]; anew: boolean }
  // A tab leads from now on: all others say what they want.
  | { kind: 'lead'; tab: string }
  // From the leader: an event of the stream for all, or everything that it knows for one.
  | { kind: 'event'; event: LiveEvent; to?: string }
  | { kind: 'open'; resumed: boolean }
  | { kind: 'closed'; error: Failure }
  // The coordinator does not know this topic's task.
  | { kind: 'gone'; topic: string }

// An ApiError as far as it can be sent to another tab.
export type Failure = Pick<ApiError, 'status' | 'code' | 'message' | 'details' | 'field' | 'requestId'>

export interface Tabs {
  readonly tab: string
  post(message: TabMessage): void
  // Runs once this tab leads; it does until `close`.
  lead(start: () => void): void
  // Runs once that tab is gone.
  whenGone(tab: string, then: () => void): void
  close(): void
}

// Undefined where the browser has no locks (a page over plain http that is not this machine): each tab then has its own stream.
export function openTabs(group: string, receive: (message: TabMessage) => void): Tabs | undefined {
  if (typeof BroadcastChannel === 'undefined' || typeof navigator === 'undefined' || !('locks' in navigator)) return undefined
  const channel = new BroadcastChannel(`ips.live.${group}`)
  channel.addEventListener('message', ({ data }: MessageEvent<TabMessage>) => receive(data))
  const end = new AbortController()
  const { signal } = end
  const tab = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`
  const lockOf = (name: string) => `ips.live.${group}.tab.${name}`
  const untilClosed = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  const ask = (name: string, then: () => Promise<void> | void) => {
    // An aborted wait is how it ends.
    void navigator.locks.request(name, { signal }, async () => then()).catch(() => undefined)
  }
  ask(lockOf(tab), () => untilClosed)
  return {
    tab,
    post: (message) => channel.postMessage(message),
    lead: (start) =>
      ask(`ips.live.${group}.leader`, () => {
        start()
        return untilClosed
      }),
    whenGone: (other, then) => ask(lockOf(other), then),
    close() {
      end.abort()
      channel.close()
    },
  }
}
