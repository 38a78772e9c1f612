// The pulls of one task: up to ten thousand, many of them changed each second. Unlike the rest of the state it is changed in place; whoever
// draws it subscribes to the rows that changed, everybody else looks at `revision`.
import type { Pull } from '@/api/types'

// The stream's snapshot holds so many; what comes beyond them later is not kept either.
export const mostPulls = 10_000

// Indexes into `rows`; 'all' when rows moved.
export type Changed = readonly number[] | 'all'

// The order of the coordinator: node, then image, by code points (a collator is too slow for ten thousand).
export function inOrder(a: Pull, b: Pull): number {
  if (a.nodeName !== b.nodeName) return a.nodeName < b.nodeName ? -1 : 1
  if (a.image === b.image) return 0
  return a.image < b.image ? -1 : 1
}

// A change without layers says nothing about them: those of the same attempt stay.
function keepLayers(known: Pull | undefined, pull: Pull): Pull {
  const has = pull.layers && pull.layers.length > 0
  if (has || !known?.layers || known.attempt !== pull.attempt) return pull
  return { ...pull, layers: known.layers }
}

export class PullTable {
  rows: Pull[] = []
  revision = 0
  private readonly at = new Map<string, number>()
  private readonly listeners = new Set<(changed: Changed) => void>()

  constructor(pulls: readonly Pull[] = []) {
    this.place([...pulls])
  }

  get size(): number {
    return this.rows.length
  }

  get(pullId: string): Pull | undefined {
    const index = this.at.get(pullId)
    return index === undefined ? undefined : this.rows[index]
  }

  // Everything anew, as a snapshot says.
  replace(pulls: readonly Pull[]): void {
    this.place(pulls.map((pull) => keepLayers(this.get(pull.pullId), pull)))
    this.tell('all')
  }

  apply(pulls: readonly Pull[]): void {
    if (pulls.length === 0) return
    const changed: number[] = []
    const fresh: Pull[] = []
    for (const pull of pulls) {
      const index = this.at.get(pull.pullId)
      if (index === undefined) {
        if (this.rows.length + fresh.length < mostPulls) fresh.push(pull)
        continue
      }
      this.rows[index] = keepLayers(this.rows[index], pull)
      changed.push(index)
    }
    if (fresh.length > 0) this.place([...this.rows, ...fresh])
    if (fresh.length > 0) this.tell('all')
    else if (changed.length > 0) this.tell(changed)
  }

  // Answers what ends the subscription.
  subscribe(listener: (changed: Changed) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  private place(pulls: Pull[]): void {
    this.rows = pulls.sort(inOrder)
    this.at.clear()
    this.rows.forEach((pull, index) => this.at.set(pull.pullId, index))
  }

  private tell(changed: Changed): void {
    this.revision += 1
    for (const listener of this.listeners) listener(changed)
  }
}
