import { expect, test } from 'vitest'
import { EventParser } from '@/live/parser'

const stream = 'event: snapshot\nid: r-1\ndata: {"a":1}\n\n: heartbeat\n\nevent: delta\r\nid: r-2\r\ndata: one\r\ndata: two\r\n\r\n'
const expected = [
  { event: 'snapshot', id: 'r-1', data: '{"a":1}' },
  { event: 'delta', id: 'r-2', data: 'one\ntwo' },
]

test('cuts a stream into events and swallows comments', () => {
  expect(new EventParser().push(stream)).toEqual(expected)
})

test('does not care where the chunks are cut', () => {
  for (let size = 1; size < 9; size += 1) {
    const parser = new EventParser()
    const events = []
    for (let at = 0; at < stream.length; at += size) events.push(...parser.push(stream.slice(at, at + size)))
    expect(events, `chunks of ${size}`).toEqual(expected)
  }
})

test('an event without data is none, and an id holds until the next', () => {
  const parser = new EventParser()
  expect(parser.push('event: ping\n\n')).toEqual([])
  expect(parser.push('id: r-7\ndata: x\n\ndata: y\n\n')).toEqual([
    { event: 'message', id: 'r-7', data: 'x' },
    { event: 'message', id: 'r-7', data: 'y' },
  ])
})
