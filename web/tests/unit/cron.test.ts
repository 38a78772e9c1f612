import { describe, expect, test } from 'vitest'
import { parseCron, type Times } from '@/lib/cron'
import { upcoming } from '@/lib/upcoming'
import { instantOf, isZone, wallOf } from '@/lib/zones'

function due(text: string, zone: string, after: string, count: number): string[] {
  const cron = parseCron(text)
  expect(cron.kind, text).toBe('times')
  return upcoming(cron as Times, zone, Date.parse(after), count).map((moment) => new Date(moment).toISOString().slice(0, 16))
}

describe('next runs are those that the coordinator counts', () => {
  test.each([
    ['* * * * *', '2026-11-24T10:00:01Z', ['2026-11-24T10:01', '2026-11-24T10:02']],
    ['* * * * *', '2026-11-24T10:00:00Z', ['2026-11-24T10:01']],
    ['*/20 9-11,14 * * *', '2026-11-24T11:30:00Z', ['2026-11-24T11:40', '2026-11-24T14:00']],
    ['5/25 0 * * *', '2026-11-24T00:00:00Z', ['2026-11-24T00:05', '2026-11-24T00:30', '2026-11-24T00:55']],
    ['0 6 * Dec mon-WED', '2026-11-24T00:00:00Z', ['2026-12-01T06:00', '2026-12-02T06:00', '2026-12-07T06:00']],
    ['0 0 * * 7', '2026-11-24T00:00:00Z', ['2026-11-29T00:00']],
    ['0 0 * * 6-7', '2026-11-24T00:00:00Z', ['2026-11-28T00:00', '2026-11-29T00:00']],
    ['0 0 13 * fri', '2026-11-01T00:00:00Z', ['2026-11-06T00:00', '2026-11-13T00:00']],
    ['0 0 */2 * ?', '2026-11-28T00:00:00Z', ['2026-11-29T00:00', '2026-12-01T00:00']],
    ['0 0 29 2 *', '2096-03-01T00:00:00Z', ['2104-02-29T00:00']],
    ['@weekly', '2026-11-24T00:00:00Z', ['2026-11-29T00:00']],
    ['@hourly', '2026-11-24T00:00:00Z', ['2026-11-24T01:00']],
  ])('%s', (text, after, expected) => {
    expect(due(text, 'UTC', after, expected.length)).toEqual(expected)
  })

  // Berlin leaps from 02:00 to 03:00 on 2026-03-29 and passes 02:00 to 03:00 twice on 2026-10-25.
  test.each([
    ['30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', ['2026-03-29T01:00', '2026-03-30T00:30']],
    ['*/15 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', ['2026-03-29T01:00', '2026-03-30T00:00']],
    ['0 * * * *', 'Europe/Berlin', '2026-03-28T23:30:00Z', ['2026-03-29T00:00', '2026-03-29T01:00', '2026-03-29T02:00']],
    ['15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T00:00:00Z', ['2026-10-03T15:30', '2026-10-04T15:15']],
    ['30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', ['2026-10-25T00:30', '2026-10-26T01:30']],
    ['0 * * * *', 'Europe/Berlin', '2026-10-24T23:30:00Z', ['2026-10-25T00:00', '2026-10-25T01:00', '2026-10-25T02:00']],
  ])('%s in %s after %s', (text, zone, after, expected) => {
    expect(due(text, zone, after, expected.length)).toEqual(expected)
  })

  test('a day that never comes is never due', () => {
    expect(due('0 0 30 2 *', 'UTC', '2026-01-01T00:00:00Z', 1)).toEqual([])
  })
})

test.each([
  ['', 'empty'],
  ['* * * *', 'fields'],
  ['60 * * * *', 'minute'],
  ['* 24 * * *', 'hour'],
  ['* * 0 * *', 'day'],
  ['* * * 13 *', 'month'],
  ['* * * * 8', 'weekday'],
  ['5-1 * * * *', 'minute'],
  ['*/0 * * * *', 'minute'],
  ['1,,2 * * * *', 'minute'],
  ['@reboot', 'macro'],
  ['@every soon', 'every'],
  ['TZ=Mars/Base @daily', 'zone'],
])('%j is refused for its %s', (text, part) => {
  expect(parseCron(text)).toEqual({ kind: 'problem', part })
})

test('durations and zones before the expression are read', () => {
  expect(parseCron('@every 1h30m')).toEqual({ kind: 'every', ms: 5_400_000 })
  expect(parseCron(' CRON_TZ=Asia/Tokyo  0 6 * * ?')).toMatchObject({ kind: 'times', zone: 'Asia/Tokyo', eitherDay: false })
})

test('walls and moments belong together', () => {
  const moment = Date.UTC(2026, 6, 1, 10)
  expect(wallOf(moment, 'Europe/Berlin')).toBe(Date.UTC(2026, 6, 1, 12))
  expect(instantOf(Date.UTC(2026, 6, 1, 12), 'Europe/Berlin')).toBe(moment)
  expect([isZone('UTC'), isZone('Mars/Base'), isZone('')]).toEqual([true, false, false])
})
