// Lengths of time as people set them: in the largest unit that leaves nothing over. Pure.
const units = [
  ['days', 86_400],
  ['hours', 3600],
  ['minutes', 60],
  ['seconds', 1],
] as const

export type SpanUnit = (typeof units)[number][0]

export function spanOf(seconds: number): { unit: SpanUnit; count: number } {
  for (const [unit, size] of units) {
    if (seconds >= size && seconds % size === 0) return { unit, count: seconds / size }
  }
  return { unit: 'seconds', count: seconds }
}
