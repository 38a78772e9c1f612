import { expect, test } from 'vitest'
import { etaSeconds, remainingBytes, savedBytes, segments, settledBytes } from '@/lib/bytes'
import { curlCommand } from '@/lib/curl'
import { formatAgo, formatBytes, formatDuration, formatRate, formatTime, shortDigest, splitImage } from '@/lib/format'
import { bytesOf } from './samples'

const space = '\u00a0'

test.each([
  [0, '0 B'],
  [-5, '0 B'],
  [1023, '1,023 B'],
  [1024, '1 KiB'],
  [1536, '1.5 KiB'],
  [1_048_575, '1 MiB'],
  [316_500_000, '302 MiB'],
  [633_000_000, '604 MiB'],
  [1_073_741_824, '1 GiB'],
  [107_000_000_000, '99.7 GiB'],
  [5 * 1024 ** 5, '5 PiB'],
  [5000 * 1024 ** 5, '5,000 PiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes, 'en')).toBe(text.replace(/ (?=[A-Z])/, space))
})

test('bytes and rates follow the locale in digits only', () => {
  expect(formatBytes(1_610_612_736, 'de')).toBe(`1,5${space}GiB`)
  expect(formatRate(52_000_000, 'zh-CN')).toBe(`49.6${space}MiB/s`)
})

test.each([
  [0, '0s'],
  [59.4, '59s'],
  [59.6, '1m 00s'],
  [200, '3m 20s'],
  [7500, '2h 05m'],
  [100_800, '1d 4h'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text)
})

test('times that are none are shown as they came', () => {
  expect(formatTime('never', 'en')).toBe('never')
  expect(formatAgo('never', 0, 'en')).toBe('never')
})

test('ago', () => {
  const now = Date.parse('2026-11-24T02:00:00Z')
  expect(formatAgo('2026-11-24T01:57:00Z', now, 'en')).toBe('3 min. ago')
  expect(formatAgo('2026-11-24T02:00:20Z', now, 'en')).toBe('in 20 sec.')
  expect(formatAgo('2026-11-22T02:00:00Z', now, 'zh-CN')).toBe('前天')
})

test('digests are short, images are split before what tells them apart', () => {
  expect(shortDigest('sha256:0123456789abcdef')).toBe('0123456789ab')
  expect(splitImage('docker.io/library/nginx:1.27')).toEqual(['docker.io/library/', 'nginx:1.27'])
  expect(splitImage('localhost:5000/app')).toEqual(['localhost:5000/', 'app'])
  expect(splitImage('a/b@sha256:00/')).toEqual(['a/', 'b@sha256:00/'])
  expect(splitImage('busybox')).toEqual(['', 'busybox'])
})

test('bars: parts, remaining, saved, time left', () => {
  const bytes = bytesOf({ total: 100, fetched: 20, alreadyThere: 10, notNeeded: 30 })
  expect(segments(bytes).map(({ kind, share }) => [kind, share])).toEqual([
    ['alreadyThere', 0.1],
    ['notNeeded', 0.3],
    ['fetched', 0.2],
  ])
  expect([settledBytes(bytes), remainingBytes(bytes), savedBytes(bytes)]).toEqual([60, 40, 40])
  expect(etaSeconds(bytes, 4)).toBe(10)
  expect(etaSeconds(bytes, 0)).toBeUndefined()
  expect(etaSeconds(bytesOf({ total: 5, fetched: 5 }), 4)).toBeUndefined()
})

test('a size that is not known makes no bar', () => {
  expect(segments(bytesOf())).toEqual([])
  expect(segments(bytesOf({ fetched: 5 }))[0]?.share).toBe(0)
})

test('a command survives quotes', () => {
  const command = curlCommand('http://127.0.0.1:8080/api/v1/tasks', { images: ["it's"] })
  expect(command).toContain(`-d '{"images":["it'\\''s"]}'`)
})
