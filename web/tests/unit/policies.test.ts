import { describe, expect, test } from 'vitest'
import type { Policy } from '@/api/policies'
import { leastCovered, moreToSay, placesText, policyState, troubles, workloadsText } from '@/lib/policies'
import { blankPolicy, createRequest, formOf, updateRequest } from '@/lib/policyForm'

const counts = (warm: number, total: number) => ({ warm, total, cold: total - warm, paused: 0, unknown: 0, ratio: total === 0 ? 1 : warm / total })

function policyOf(name: string, more: Partial<Policy> = {}): Policy {
  return {
    id: name,
    name,
    description: '',
    taskConfig: {
      images: ['nginx:1'],
      priority: 5,
      maxRetries: 0,
      retryStrategy: 'linear',
      retryDelay: 30,
      pullTimeoutSeconds: 3600,
      noProgressTimeoutSeconds: 300,
      parallelism: '10%',
      labelSelector: 'pool=gpu',
      pin: true,
    } as Policy['taskConfig'],
    tagFollowing: { mode: 'never' },
    paused: false,
    images: [],
    nodes: 2,
    coverage: counts(2, 2),
    conditions: [],
    createdBy: '',
    createdAt: '2026-11-25T00:00:00Z',
    updatedAt: '2026-11-25T00:00:00Z',
    ...more,
  }
}

const condition = (type: string, status: string) => ({ type, status, reason: 'Why', message: '' })

describe('a policy', () => {
  test('is called by the first thing that is to be said', () => {
    expect(policyState(policyOf('a'))).toBe('warm')
    expect(policyState(policyOf('a', { coverage: counts(1, 2) }))).toBe('warming')
    expect(policyState(policyOf('a', { coverage: { ...counts(1, 3), cold: 0, paused: 2 } }))).toBe('stuck')
    expect(policyState(policyOf('a', { coverage: { ...counts(1, 3), cold: 1, paused: 1 } }))).toBe('warming')
    expect(policyState(policyOf('a', { conditions: [condition('Matched', 'False')] }))).toBe('empty')
    expect(policyState(policyOf('a', { conditions: [condition('Held', 'True'), condition('TooLarge', 'True')] }))).toBe('held')
    expect(policyState(policyOf('a', { paused: true, conditions: [condition('Held', 'True')] }))).toBe('paused')
  })

  test('has troubles where good conditions fail and bad ones hold; a pause is none', () => {
    const all = ['Matched', 'Warm', 'TooLarge', 'Held', 'TagMoved', 'Flapping', 'Followed', 'AlwaysPulled']
    const told = (status: string) => troubles(policyOf('a', { conditions: all.map((type) => condition(type, status)) })).map(({ type }) => type)
    expect(told('True')).toEqual(['TooLarge', 'Held', 'TagMoved', 'Flapping', 'AlwaysPulled'])
    expect(troubles(policyOf('a', { paused: true, conditions: [condition('Held', 'True')] }))).toEqual([])
    expect(told('False')).toEqual(['Matched', 'Followed'])
  })

  test('says which workloads it follows, and keeps their kinds when the form is sent', () => {
    const workloads = { namespaces: ['shop'], kinds: ['CronJob'], selector: 'tier=web' }
    expect(workloadsText(workloads)).toBe('CronJob · shop · tier=web')
    expect(placesText([{ pool: 'gpu', zone: 'a' }, { pool: 'cpu' }])).toBe('pool=gpu, zone=a / pool=cpu')
    const before = policyOf('a', { workloads })
    expect(updateRequest(formOf(before), before).workloads).toEqual(workloads)
    const emptied = { ...formOf(policyOf('a')), workloads: ' ' }
    expect(updateRequest(emptied, policyOf('a')).workloads).toEqual({})
    expect(createRequest({ ...blankPolicy('UTC'), workloads: 'tier=web' }).workloads).toEqual({ selector: 'tier=web' })
  })

  test('with less that is warm comes first, and one that keeps nothing last', () => {
    const some = [policyOf('none', { coverage: counts(0, 0) }), policyOf('full'), policyOf('half', { coverage: counts(1, 2) })]
    expect(leastCovered(some, 2).map(({ name }) => name)).toEqual(['half', 'full'])
  })
})

describe('the form of a policy', () => {
  test('a new one leaves out what was not chosen', () => {
    const request = createRequest({ ...blankPolicy('UTC', 'nginx:1', 'pool=gpu'), name: ' base ' })
    expect(request).toMatchObject({ name: 'base', tagFollowing: { mode: 'never' }, paused: false })
    expect(request.libraryTag).toBeUndefined()
    expect(request.taskConfig).toMatchObject({ images: ['nginx:1'], labelSelector: 'pool=gpu' })
    expect(request.taskConfig.pin).toBeUndefined()
  })

  test('an edited one keeps what the form has no field for', () => {
    const before = policyOf('base', { libraryTag: 'core', tagFollowing: { mode: 'schedule', cronExpr: '@daily', timeZone: 'Asia/Tokyo' } })
    const form = formOf(before)
    expect(form).toMatchObject({ pin: true, mode: 'schedule', libraryTag: 'core' })
    const request = updateRequest({ ...form, libraryTag: '', pin: false }, before)
    expect(request).toMatchObject({ libraryTag: '', tagFollowing: { mode: 'schedule', cronExpr: '@daily', timeZone: 'Asia/Tokyo' } })
    expect(request.taskConfig).toMatchObject({ parallelism: '10%', labelSelector: 'pool=gpu' })
    expect(request.taskConfig?.pin).toBeUndefined()
  })

  test('a long list of nodes is not sent back', () => {
    const before = policyOf('base')
    before.taskConfig.nodeNameCount = 5000
    expect(updateRequest(formOf(before), before).taskConfig).toBeUndefined()
  })
})

test('a reason is not said twice, but what went before it is', () => {
  expect(moreToSay({ reason: 'pulling', message: 'it is being pulled' })).toBe('')
  expect(moreToSay({ reason: 'pulling', message: 'it is being pulled; the last pull failed: timeout: slow; gone' })).toBe('the last pull failed: timeout: slow; gone')
  expect(moreToSay({ reason: 'no_space', message: 'it needs 3 GiB' })).toBe('it needs 3 GiB')
  expect(moreToSay({ message: 'something new' })).toBe('something new')
})
