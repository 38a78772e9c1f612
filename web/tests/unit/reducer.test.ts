import { beforeEach, describe, expect, test } from 'vitest'
import { keepTopics, newestTasks, reduce } from '@/live/reducer'
import { emptyState, type LiveState } from '@/live/state'
import { bytesOf, eventOf, pullOf, taskOf } from './samples'

// Everything that these events have.
const wanted = new Set(['tasks', 'changes', 'task:a', 'task:x'])

function apply(state: LiveState, ...events: ReturnType<typeof eventOf>[]): LiveState {
  return events.reduce((now, event) => {
    const step = reduce(now, event, wanted)
    if (step.kind !== 'applied') throw new Error(`expected to apply, was ${JSON.stringify(step)}`)
    return step.state
  }, state)
}

const layers = [{ digest: 'sha256:1', index: 0, bytes: bytesOf({ total: 9 }), unpacked: false }]
const snapshot = eventOf('snapshot', 42, {
  topics: {
    tasks: { tasks: [taskOf('a')], total: 7 },
    changes: {},
    'task:a': { task: taskOf('a'), pulls: [pullOf('p', { layers })] },
  },
})

describe('snapshot', () => {
  test('replaces everything and remembers the place', () => {
    const state = apply(emptyState, snapshot)
    expect(state).toMatchObject({ run: 'run-1', version: 42, lastId: 'run-1-42' })
    expect(state.tasks?.total).toBe(7)
    expect(state.changes?.size).toBe(0)
    expect(state.details.get('a')?.pulls.get('p')?.layers).toEqual(layers)
  })

  test('a topic that is not in it is unknown, not empty', () => {
    const state = apply(emptyState, eventOf('snapshot', 1, { topics: {} }))
    expect(state.tasks).toBeUndefined()
    expect(state.changes).toBeUndefined()
  })

  test('a task that the coordinator does not know is present without a task', () => {
    const state = apply(emptyState, eventOf('snapshot', 1, { topics: { 'task:x': { task: null, pulls: [] } } }))
    expect(state.details.get('x')?.task).toBeUndefined()
    expect(state.details.get('x')?.pulls.size).toBe(0)
  })
})

describe('delta', () => {
  let start = emptyState
  beforeEach(() => (start = apply(emptyState, snapshot)))

  test('replaces the named objects and leaves the rest alone', () => {
    const state = apply(start, eventOf('delta', 43, { tasks: [taskOf('a', { status: 'completed' })] }))
    expect(state.tasks?.tasks[0]?.status).toBe('completed')
    expect(state.details.get('a')?.task?.status).toBe('completed')
    expect(state.changes).toBe(start.changes)
    expect(state.details.get('a')?.pulls).toBe(start.details.get('a')?.pulls)
  })

  test('does not change the state that it was given, but for the table of pulls, whose revision tells', () => {
    const next = apply(start, eventOf('delta', 43, { pulls: [pullOf('p', { state: 'failed' })], removedTasks: ['a'] }))
    expect(start.tasks?.tasks).toHaveLength(1)
    expect(next.details.get('a')?.pulls).toBe(start.details.get('a')?.pulls)
    expect(next.details.get('a')?.revision).toBeGreaterThan(start.details.get('a')?.revision ?? 0)
  })

  test('keeps layers that it does not mention, but not those of another attempt', () => {
    const same = apply(start, eventOf('delta', 43, { pulls: [pullOf('p', { phase: 'unpacking' })] }))
    expect(same.details.get('a')?.pulls.get('p')).toMatchObject({ phase: 'unpacking', layers })
    const next = apply(same, eventOf('delta', 44, { pulls: [pullOf('p', { attempt: 2 })] }))
    expect(next.details.get('a')?.pulls.get('p')?.layers).toBeUndefined()
  })

  test('a new task comes first and is counted; an old one beyond the newest is neither', () => {
    const fresh = apply(start, eventOf('delta', 43, { tasks: [taskOf('b', { createdAt: '2026-11-24T03:00:00.000Z' })] }))
    expect(fresh.tasks?.tasks.map((task) => task.taskId)).toEqual(['b', 'a'])
    expect(fresh.tasks?.total).toBe(8)

    const many = Array.from({ length: newestTasks }, (_, index) => taskOf(`t${index}`))
    const full = apply(emptyState, eventOf('snapshot', 1, { topics: { tasks: { tasks: many, total: 500 } } }))
    const old = apply(full, eventOf('delta', 2, { tasks: [taskOf('old', { createdAt: '2020-01-01T00:00:00.000Z' })] }))
    expect(old.tasks?.tasks).toHaveLength(newestTasks)
    expect(old.tasks?.total).toBe(500)
  })

  test('a removed task is gone from the list and from its own page', () => {
    const state = apply(start, eventOf('delta', 43, { removedTasks: ['a'] }))
    expect(state.tasks).toEqual({ tasks: [], total: 6 })
    expect(state.details.get('a')?.task).toBeUndefined()
  })

  test('pulls of tasks that no one looks at are passed over', () => {
    const state = apply(start, eventOf('delta', 43, { pulls: [pullOf('q', { taskId: 'other' })] }))
    expect(state.details.get('a')?.pulls.size).toBe(1)
    expect(state.details.has('other')).toBe(false)
  })

  test('versions may skip, because other topics share them', () => {
    expect(apply(start, eventOf('delta', 99, { changed: ['nodes'] })).changes?.get('nodes')).toBe(99)
  })
})

describe('order', () => {
  const start = apply(emptyState, snapshot)

  test('what is older or the same is ignored', () => {
    for (const version of [41, 42]) {
      expect(reduce(start, eventOf('delta', version, { tasks: [taskOf('a', { status: 'failed' })] }), wanted)).toEqual({ kind: 'ignored' })
    }
  })

  test('a delta of another run means that we are lost', () => {
    expect(reduce(start, eventOf('delta', 43, {}, 'run-2'), wanted).kind).toBe('lost')
    expect(reduce(emptyState, eventOf('delta', 1, {}), wanted).kind).toBe('lost')
  })

  test('a resync replaces everything, whatever its version and run', () => {
    const state = apply(start, eventOf('resync', 3, { reason: 'fell behind', topics: { changes: {} } }, 'run-2'))
    expect(state).toMatchObject({ run: 'run-2', version: 3, lastId: 'run-2-3', tasks: undefined })
    expect([...(state.changes ?? [])]).toEqual([['all', 3]])
  })

  test('after a resync deltas of the new run go on', () => {
    const state = apply(start, eventOf('resync', 3, { topics: { changes: {} } }, 'run-2'), eventOf('delta', 4, { changed: ['nodes'] }, 'run-2'))
    expect(state.changes?.get('nodes')).toBe(4)
  })

  test('nonsense is lost, an unknown kind of event is ignored', () => {
    expect(reduce(start, { event: 'delta', id: 'run-1-43', body: undefined }, wanted).kind).toBe('lost')
    expect(reduce(start, { event: 'delta', id: 'x', body: {} }, wanted).kind).toBe('lost')
    expect(reduce(start, { event: 'news', id: 'run-1-43', body: 'x' }, wanted).kind).toBe('ignored')
  })
})

test('topics that no one looks at are thrown away', () => {
  const state = keepTopics(apply(emptyState, snapshot), new Set(['changes']))
  expect(state.tasks).toBeUndefined()
  expect(state.details.size).toBe(0)
  expect(state.changes?.size).toBe(0)
})

test('what only other tabs look at is left out', () => {
  const step = reduce(emptyState, snapshot, new Set(['changes']))
  if (step.kind !== 'applied') throw new Error(step.kind)
  expect(step.state.tasks).toBeUndefined()
  expect(step.state.details.size).toBe(0)
  expect(step.state.changes?.size).toBe(0)
})

test('a task that a resync leaves out was removed', () => {
  const start = apply(emptyState, snapshot)
  const state = apply(start, eventOf('resync', 50, { topics: { tasks: { tasks: [], total: 0 } } }))
  expect(state.details.get('a')).toBeDefined()
  expect(state.details.get('a')?.task).toBeUndefined()
})

describe('changes', () => {
  const watched = new Set(['changes'])
  const step = (state: LiveState, event: ReturnType<typeof eventOf>) => {
    const next = reduce(state, event, watched)
    if (next.kind !== 'applied') throw new Error(JSON.stringify(next))
    return next.state
  }
  const first = () => step(emptyState, eventOf('snapshot', 1, { topics: { changes: {} } }))

  test('are known by their newest version', () => {
    const state = step(step(first(), eventOf('delta', 2, { changed: ['schedules'] })), eventOf('delta', 3, { changed: ['limits'] }))
    expect([...(state.changes ?? [])]).toEqual([['schedules', 2], ['limits', 3]])
  })

  test('that were missed may have been any', () => {
    expect(first().changes?.size).toBe(0)
    expect(step(first(), eventOf('resync', 9, { topics: { changes: {} } })).changes?.get('all')).toBe(9)
    expect(step(first(), eventOf('snapshot', 1, { topics: { changes: {} } })).changes?.size).toBe(0)
  })

  test('are not kept for nobody', () => {
    expect(keepTopics(first(), new Set(['tasks'])).changes).toBeUndefined()
  })
})
