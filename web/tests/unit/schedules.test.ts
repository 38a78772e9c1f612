import { expect, test } from 'vitest'
import type { Schedule } from '@/api/schedules'
import { blankSchedule, formOf, isWhole, keptFields, requestOf, selectorText } from '@/lib/scheduleForm'

const schedule: Schedule = {
  id: 'sched-1',
  name: 'nightly',
  description: '',
  cronExpr: '0 2 * * *',
  timeZone: 'Europe/Berlin',
  enabled: true,
  taskConfig: {
    images: ['docker.io/library/nginx:1.27', 'busybox'],
    nodeSelector: { pool: 'gpu' },
    labelSelector: '!spot',
    priority: 7,
    batchMode: 'rolling',
    successThreshold: 100,
    pullPolicy: 'Always',
    canary: '1',
    canaryNodes: ['node-1'],
    parallelism: '10%',
    maxRetries: 2,
    retryStrategy: 'exponential',
    retryDelay: 60,
    pullTimeoutSeconds: 3600,
    noProgressTimeoutSeconds: 300,
    secretId: 4,
    secretIds: [4, 5],
    channels: ['ops'],
  },
  overlapPolicy: 'queue',
  timeoutSeconds: 5400,
  missedRuns: 'run_once',
  nextExecutions: [],
  createdBy: '',
  createdAt: '2026-11-24T00:00:00Z',
  updatedAt: '2026-11-24T00:00:00Z',
}

test('an edit that changes nothing sends the same task', () => {
  const request = requestOf(formOf(schedule), schedule)
  expect(request).toMatchObject({ name: 'nightly', timeZone: 'Europe/Berlin', timeoutSeconds: 5400, overlapPolicy: 'queue', missedRuns: 'run_once' })
  expect(request.taskConfig).toEqual({
    images: ['docker.io/library/nginx:1.27', 'busybox'],
    labelSelector: 'pool=gpu,!spot',
    priority: 7,
    batchMode: 'rolling',
    batchSize: undefined,
    successThreshold: 100,
    pullPolicy: 'Always',
    canary: '1',
    parallelism: '10%',
    maxRetries: 2,
    retryStrategy: 'exponential',
    retryDelay: 60,
    pullTimeoutSeconds: 3600,
    noProgressTimeoutSeconds: 300,
    secretIds: [4, 5],
    channels: ['ops'],
  })
})

test('a batch size takes the place of the parallelism', () => {
  const request = requestOf({ ...formOf(schedule), batchSize: 5 }, schedule)
  expect(request.taskConfig).toMatchObject({ batchSize: 5, parallelism: undefined })
})

test('emptied inputs put the default back', () => {
  const request = requestOf({ ...formOf(schedule), timeoutMinutes: '', priority: '', timeZone: '', secretIds: [], channels: [] }, schedule)
  expect(request).toMatchObject({ timeoutSeconds: 0, timeZone: null })
  expect(request.taskConfig).toMatchObject({ priority: undefined, secretIds: undefined, channels: undefined })
})

test('a list of names that was cut off is never sent back', () => {
  const long = { ...schedule, taskConfig: { ...schedule.taskConfig, nodeNames: ['node-1'], nodeNameCount: 300 } }
  expect(isWhole(long.taskConfig)).toBe(false)
  expect(requestOf(formOf(long), long)).not.toHaveProperty('taskConfig')
})

test('settings that the form does not show are named', () => {
  expect(keptFields(schedule.taskConfig)).toEqual(['pullPolicy', 'canary', 'canaryNodes', 'parallelism'])
})

test('a new schedule takes images and nodes along', () => {
  const form = blankSchedule('UTC', 'busybox\nalpine', 'pool=gpu')
  expect(requestOf({ ...form, name: ' new ' })).toMatchObject({ name: 'new', taskConfig: { images: ['busybox', 'alpine'], labelSelector: 'pool=gpu' } })
  expect(selectorText({})).toBe('')
})
