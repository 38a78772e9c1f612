import { expect, test } from 'vitest'
import { summarize } from '@/composables/usePullSummary'
import { areaPath, linePath, roundUp } from '@/lib/chart'
import { csv, tasksCsv } from '@/lib/table'
import { visibleRows } from '@/lib/window'
import { pullOf, taskOf } from './samples'

test('only rows that are seen, and a few more, are drawn', () => {
  expect(visibleRows(5000, 40, 0, 400, 5)).toEqual({ first: 0, last: 15 })
  expect(visibleRows(5000, 40, 4000, 400, 5)).toEqual({ first: 95, last: 115 })
  expect(visibleRows(3, 40, 9000, 400)).toEqual({ first: 3, last: 3 })
  expect(visibleRows(0, 40, 0, 400)).toEqual({ first: 0, last: 0 })
})

test('cells of a file are quoted, and no spreadsheet takes them for a formula', () => {
  expect(csv(['a', 'b'], [['x,"y"', '=1+1'], [3, undefined]])).toBe('a,b\r\n"x,""y""",\'=1+1\r\n3,\r\n')
  const [head = '', row = ''] = tasksCsv([taskOf('t')]).split('\r\n')
  expect(row.split(',')).toHaveLength(head.split(',').length)
})

test('scales are round numbers that nothing exceeds', () => {
  expect([0, 1, 3, 70, 100].map((value) => roundUp(value))).toEqual([1, 1, 5, 100, 100])
  expect(roundUp(3 * 1024 ** 2, true)).toBe(5 * 1024 ** 2)
  const frame = { width: 100, height: 50, from: 0, to: 10, most: 2 }
  expect(linePath([{ at: 0, value: 0 }, { at: 10, value: 5 }], frame)).toBe('M0.0 50.0L100.0 0.0')
  expect(areaPath([], frame)).toBe('')
})

test('failed pulls are grouped by reason and registry, the largest group first', () => {
  const failed = (id: string, node: string, image: string) => pullOf(id, { nodeName: node, image, state: 'failed', failureReason: 'unauthorized' })
  const pulls = [
    failed('1', 'a', 'one.example.com/x'),
    failed('2', 'b', 'two.example.com/x'),
    failed('3', 'c', 'two.example.com/y'),
    pullOf('4', { phase: 'fetching', startedAt: '2026-11-24T02:00:00.000Z' }),
  ]
  const summary = summarize(pulls, Date.parse('2026-11-24T02:00:30.000Z'))
  expect(summary.failed.map(({ host, pulls: count, nodes }) => [host, count, nodes.join()])).toEqual([
    ['two.example.com', 2, 'b,c'],
    ['one.example.com', 1, 'a'],
  ])
  expect(summary.slowest[0]).toMatchObject({ node: 'node-1', ms: 30_000, running: true })
  expect(summary.phases.get('fetching')).toBe(1)
})
