// What ByteCounts mean for bars and remaining time. Pure.
import type { ByteCounts } from '@/api/types'

export type SegmentKind = 'fetched' | 'alreadyThere' | 'notNeeded'

export interface Segment {
  kind: SegmentKind
  bytes: number
  // 0 to 1 of the total.
  share: number
}

export const segmentKinds: readonly SegmentKind[] = ['alreadyThere', 'notNeeded', 'fetched']

// Bytes that need no more moving.
export function settledBytes(bytes: ByteCounts): number {
  return bytes.fetched + bytes.alreadyThere + bytes.notNeeded
}

export function remainingBytes(bytes: ByteCounts): number {
  return Math.max(0, bytes.total - settledBytes(bytes))
}

// Bytes that this task did not have to move.
export function savedBytes(bytes: ByteCounts): number {
  return bytes.alreadyThere + bytes.notNeeded
}

export function share(part: number, total: number): number {
  if (total <= 0) return 0
  return Math.min(1, Math.max(0, part / total))
}

export function segments(bytes: ByteCounts): Segment[] {
  return segmentKinds
    .map((kind) => ({ kind, bytes: bytes[kind], share: share(bytes[kind], bytes.total) }))
    .filter((segment) => segment.bytes > 0)
}

// Seconds until the last byte has moved; undefined while it can't be told.
export function etaSeconds(bytes: ByteCounts, bytesPerSecond: number | undefined): number | undefined {
  const remaining = remainingBytes(bytes)
  if (!bytesPerSecond || remaining <= 0) return undefined
  return remaining / bytesPerSecond
}
