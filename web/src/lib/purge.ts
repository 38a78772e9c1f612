// What became of a purge, in the order in which people want to read it. Pure.
import type { PurgeResult, RemovalResult } from '@/api/purges'

// What may be wrong first, then what stays because it is needed, then what goes.
export const resultOrder: readonly RemovalResult[] = ['failed', 'unanswered', 'offline', 'wanted', 'pinned', 'in_use', 'sandbox', 'removed', 'would_remove', 'absent']

export function needsLook(results: readonly PurgeResult[]): PurgeResult[] {
  const rank = (result: PurgeResult) => resultOrder.indexOf(result.result)
  return [...results].sort((a, b) => rank(a) - rank(b) || a.nodeName.localeCompare(b.nodeName) || a.image.localeCompare(b.image))
}

export function countsInOrder(counts: Readonly<Record<string, number>>): { result: RemovalResult; count: number }[] {
  return resultOrder.flatMap((result) => (counts[result] ? [{ result, count: counts[result] }] : []))
}
