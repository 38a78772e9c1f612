// Why images of the library are not on a node. Pure.
import type { InventoryImage, Node, Pull } from '@/api/types'
import { isTight } from './nodeList'
import { nodeState } from './nodes'
import { fullName } from './registry'

export type Blocker = 'offline' | 'draining' | 'notReady' | 'tight'
export type ColdReason = 'running' | 'waiting' | 'failed' | 'cancelled' | 'skipped' | 'removed' | 'never'

export interface ColdImage {
  image: string
  reason: ColdReason
  // The newest pull of it here.
  pull: Pull | undefined
}

// What keeps everything away.
export function blockersOf(node: Node): Blocker[] {
  const state = nodeState(node)
  return [...(state === 'ready' ? [] : [state]), ...(isTight(node) ? (['tight'] as const) : [])]
}

const reasons: Readonly<Record<Pull['state'], ColdReason>> = {
  pulling: 'running',
  dispatched: 'running',
  queued: 'waiting',
  failed: 'failed',
  cancelled: 'cancelled',
  skipped: 'skipped',
  succeeded: 'removed',
}

function namesOf(inventory: readonly InventoryImage[]): Set<string> {
  return new Set(inventory.flatMap(({ repoTags, repoDigests }) => [...repoTags, ...repoDigests]).map(fullName))
}

// A tag with a digest is here when the digest is.
function isHere(names: ReadonlySet<string>, image: string): boolean {
  const name = fullName(image)
  if (names.has(name)) return true
  const [tagged = '', digest] = name.split('@')
  const plain = tagged.lastIndexOf(':') > tagged.lastIndexOf('/') ? tagged.slice(0, tagged.lastIndexOf(':')) : tagged
  return digest !== undefined && names.has(`${plain}@${digest}`)
}

// `pulls` of this node, the newest task first.
export function coldImages(library: readonly string[], inventory: readonly InventoryImage[], pulls: readonly Pull[]): ColdImage[] {
  const here = namesOf(inventory)
  const newest = new Map<string, Pull>()
  for (const pull of pulls) {
    const name = fullName(pull.image)
    if (!newest.has(name)) newest.set(name, pull)
  }
  return library
    .filter((image) => !isHere(here, image))
    .map((image) => {
      const pull = newest.get(fullName(image))
      return { image, reason: pull ? reasons[pull.state] : 'never', pull }
    })
}
