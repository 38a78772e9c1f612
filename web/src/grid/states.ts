// What a cell of the grid says, in one byte: the state of its pull and how full it is.
import type { Pull, PullState } from '@/api/types'
import { settledBytes, share } from '@/lib/bytes'

export const cellStates: readonly PullState[] = ['queued', 'dispatched', 'pulling', 'succeeded', 'skipped', 'failed', 'cancelled']

// Steps of fullness that are told apart.
export const levels = 8

export function cellCode(pull: Pull): number {
  const state = Math.max(0, cellStates.indexOf(pull.state))
  const full = pull.state === 'pulling' ? Math.floor(share(settledBytes(pull.bytes), pull.bytes.total) * levels) : levels
  return state * (levels + 1) + Math.min(levels, full)
}

export function ofCode(code: number): { state: PullState; level: number } {
  return { state: cellStates[Math.floor(code / (levels + 1))] ?? 'queued', level: code % (levels + 1) }
}
