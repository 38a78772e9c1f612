import { expect, test } from 'vitest'
import { fromAnswer, fromThrown, ApiError } from '@/api/errors'
import { hintFor, hintsFor, referencesOf } from '@/lib/imageReference'
import { nodeState } from '@/lib/nodes'
import { labelsOf, selectorText } from '@/lib/selector'
import { nodeOf } from './samples'

test.each([
  'busybox',
  'nginx:1.27',
  'library/nginx',
  'localhost:5000/app',
  'localhost/app',
  'registry.example.com/team/app_one/a__b:v1.2-rc.1',
  'REGISTRY.example.com/app',
  '10.0.0.1:5000/a/b:latest',
  `docker.io/library/nginx@sha256:${'a'.repeat(64)}`,
  `nginx:1.27@sha256:${'a'.repeat(64)}`,
])('%s looks right', (reference) => {
  expect(hintFor(reference)).toBeUndefined()
})

test.each([
  ['Nginx', 'upper_case'],
  ['docker.io/Library/nginx', 'upper_case'],
  ['https://docker.io/library/nginx', 'scheme'],
  ['nginx latest', 'space'],
  ['nginx:', 'tag'],
  ['nginx:-x', 'tag'],
  ['nginx@sha256:zz', 'digest'],
  ['a@b@c', 'digest'],
  ['/nginx', 'name'],
  ['nginx/', 'name'],
  ['a//b', 'name'],
  ['-host.example.com/a', 'name'],
  ['a..b', 'name'],
])('%s gets the hint %s', (reference, hint) => {
  expect(hintFor(reference)).toBe(hint)
})

test('lines are trimmed, blank ones pass, doubles are named by line', () => {
  const text = ' busybox \n\nnginx\nbusybox\nBad'
  expect(referencesOf(text)).toEqual(['busybox', 'nginx', 'busybox', 'Bad'])
  expect(hintsFor(text).map(({ line, hint }) => [line, hint])).toEqual([
    [4, 'duplicate'],
    [5, 'upper_case'],
  ])
})

test('labels', () => {
  expect(selectorText(labelsOf({ pool: 'gpu', zone: 'a' }))).toBe('pool=gpu,zone=a')
  expect(labelsOf(undefined)).toEqual([])
})

test('nodes say how they are', () => {
  expect(nodeState(nodeOf('n'))).toBe('ready')
  expect(nodeState(nodeOf('n', { ready: false }))).toBe('notReady')
  expect(nodeState(nodeOf('n', { ready: false, connected: false }))).toBe('offline')
})

test('errors keep code, field, details and request id', () => {
  const response = new Response(null, { status: 400, headers: { 'x-request-id': 'from-header' } })
  const body = { error: 'Invalid request', details: 'batchSize: 0', code: 'invalid_argument', field: 'batchSize' }
  expect(fromAnswer(response, body)).toMatchObject({ status: 400, field: 'batchSize', details: 'batchSize: 0', requestId: 'from-header' })
  expect(fromAnswer(new Response(null, { status: 502 }), '<html>')).toMatchObject({ code: 'http_502', details: '<html>' })
  expect(fromThrown(new TypeError('failed to fetch'))).toMatchObject({ status: 0, code: 'unreachable' })
  const error = new ApiError(404, 'not_found', 'gone')
  expect(fromThrown(error)).toBe(error)
})
