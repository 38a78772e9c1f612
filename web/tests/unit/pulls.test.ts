import { expect, test } from 'vitest'
import { mostPulls, PullTable, type Changed } from '@/live/pulls'
import { pullOf } from './samples'

const named = (table: PullTable) => table.rows.map((pull) => `${pull.nodeName} ${pull.image}`)

test('rows are by node, then image, whatever the order they come in', () => {
  const table = new PullTable([pullOf('1', { nodeName: 'b', image: 'x' }), pullOf('2', { nodeName: 'a', image: 'y' })])
  table.apply([pullOf('3', { nodeName: 'a', image: 'x' })])
  expect(named(table)).toEqual(['a x', 'a y', 'b x'])
  expect(table.get('1')?.nodeName).toBe('b')
})

test('subscribers hear which rows changed, or that all moved', () => {
  const table = new PullTable([pullOf('1', { nodeName: 'a' }), pullOf('2', { nodeName: 'b' })])
  const heard: Changed[] = []
  const stop = table.subscribe((changed) => heard.push(changed))
  table.apply([pullOf('2', { nodeName: 'b', state: 'failed' })])
  table.apply([])
  table.apply([pullOf('3', { nodeName: 'c' })])
  table.replace([])
  stop()
  table.apply([pullOf('4')])
  expect(heard).toEqual([[1], 'all', 'all'])
})

test('there is an end to how many are kept', () => {
  const many = Array.from({ length: mostPulls }, (_, index) => pullOf(String(index), { nodeName: `n${index}` }))
  const table = new PullTable(many)
  table.apply([pullOf('one more', { nodeName: 'z' }), pullOf('5', { nodeName: 'n5', state: 'failed' })])
  expect(table.size).toBe(mostPulls)
  expect(table.get('5')?.state).toBe('failed')
})
