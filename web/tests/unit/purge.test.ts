import { expect, test } from 'vitest'
import type { PurgeResult, RemovalResult } from '@/api/purges'
import { countsInOrder, needsLook } from '@/lib/purge'

const row = (nodeName: string, image: string, result: RemovalResult): PurgeResult => ({ nodeName, image, result, message: '' })

test('what may be wrong is read first, then what stays, then what goes', () => {
  const results = [row('b', 'x', 'removed'), row('a', 'y', 'removed'), row('a', 'x', 'wanted'), row('c', 'x', 'failed'), row('a', 'x', 'absent'), row('a', 'x', 'removed')]
  expect(needsLook(results).map(({ nodeName, image, result }) => `${nodeName} ${image} ${result}`)).toEqual([
    'c x failed',
    'a x wanted',
    'a x removed',
    'a y removed',
    'b x removed',
    'a x absent',
  ])
})

test('results that there are none of are left out', () => {
  expect(countsInOrder({ absent: 2, would_remove: 3, failed: 0 })).toEqual([
    { result: 'would_remove', count: 3 },
    { result: 'absent', count: 2 },
  ])
})
