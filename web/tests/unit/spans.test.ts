import { describe, expect, it } from 'vitest'
import { spanOf } from '@/lib/spans'

describe('a length of time', () => {
  it.each([
    [31_536_000, 'days', 365],
    [129_600, 'hours', 36],
    [60, 'minutes', 1],
    [90, 'seconds', 90],
    [0, 'seconds', 0],
  ])('%d seconds are %s: %d', (seconds, unit, count) => {
    expect(spanOf(seconds)).toEqual({ unit, count })
  })
})
