// (state, event of the stream) -> state. Knows nothing of connections, tabs, Vue or time. Pure but for the pulls of a task (pulls.ts).
import type { Task } from '@/api/types'
import { PullTable } from './pulls'
import { taskTopic, type Delta, type LiveEvent, type LiveState, type Snapshot, type TaskView, type Topics } from './state'

export type Step =
  | { kind: 'applied'; state: LiveState }
  // Older than what is known already: nothing to do.
  | { kind: 'ignored' }
  // The stream went on from a place that we are not at: begin anew without an id.
  | { kind: 'lost'; reason: string }

// The tasks topic holds this many, like the coordinator's snapshot.
export const newestTasks = 100

// Topics that nobody here asked for (other tabs did) are left out.
export function reduce(state: LiveState, event: LiveEvent, topics: ReadonlySet<string>): Step {
  if (event.event !== 'snapshot' && event.event !== 'resync' && event.event !== 'delta') return { kind: 'ignored' }
  if (typeof event.body !== 'object' || event.body === null) return { kind: 'lost', reason: 'an event had no body' }
  const at = place(event.id)
  if (!at) return { kind: 'lost', reason: 'an event had no id' }
  if (event.event !== 'delta') return { kind: 'applied', state: replace(state, event.id, at, event.body as Snapshot, topics) }
  if (at.run !== state.run) return { kind: 'lost', reason: 'the coordinator restarted' }
  if (at.version <= state.version) return { kind: 'ignored' }
  return { kind: 'applied', state: merge(state, event.id, at.version, event.body as Delta) }
}

// Splits "<run>-<version>"; the run itself may hold dashes.
function place(id: string): { run: string; version: number } | undefined {
  const match = /^(.+)-(\d+)$/.exec(id)
  return match?.[1] !== undefined ? { run: match[1], version: Number(match[2]) } : undefined
}

function replace(
  state: LiveState,
  id: string,
  at: { run: string; version: number },
  body: Snapshot,
  wanted: ReadonlySet<string>,
): LiveState {
  const topics: Topics = body.topics
  const details = new Map<string, TaskView>()
  for (const topic of wanted) {
    const view = topics[topic]
    if (!topic.startsWith('task:') || !view) continue
    // The same table goes on: whoever draws it stays subscribed.
    const pulls = state.details.get(topic.slice(5))?.pulls ?? new PullTable()
    pulls.replace(view.pulls ?? [])
    const totalPulls = view.totalPulls ?? pulls.size
    details.set(topic.slice(5), { task: view.task ?? undefined, pulls, totalPulls, revision: pulls.revision })
  }
  // A task that a resync leaves out was removed in the meantime.
  for (const [known, view] of state.details) {
    if (wanted.has(taskTopic(known)) && !details.has(known)) details.set(known, { ...view, task: undefined })
  }
  const tasks = wanted.has('tasks') ? topics.tasks?.tasks : undefined
  return {
    run: at.run,
    version: at.version,
    lastId: id,
    tasks: tasks && { tasks: newestFirst(tasks), total: topics.tasks?.total ?? tasks.length },
    details,
    changes: wanted.has('changes') && topics.changes ? anyChanged(state, at.version) : undefined,
  }
}

// What changed between two snapshots nobody has said.
function anyChanged({ changes, version: before }: LiveState, version: number): ReadonlyMap<string, number> {
  if (!changes) return new Map()
  return version === before ? changes : new Map([...changes, ['all', version]])
}

function mergeChanges(changes: LiveState['changes'], version: number, delta: Delta): LiveState['changes'] {
  if (!changes || !delta.changed) return changes
  return new Map([...changes, ...delta.changed.map((noun) => [noun, version] as const)])
}

function merge(state: LiveState, id: string, version: number, delta: Delta): LiveState {
  return {
    ...state,
    version,
    lastId: id,
    tasks: mergeTasks(state.tasks, delta),
    details: mergeDetails(state.details, delta),
    changes: mergeChanges(state.changes, version, delta),
  }
}

function mergeTasks(view: LiveState['tasks'], delta: Delta): LiveState['tasks'] {
  if (!view || (!delta.tasks && !delta.removedTasks)) return view
  const byId = new Map(view.tasks.map((task) => [task.taskId, task]))
  let total = view.total
  for (const task of delta.tasks ?? []) {
    // Beyond the newest ones a change of an old task must not count as a new task.
    const fresh = !byId.has(task.taskId) && isNewer(task, view.tasks)
    if (fresh) total += 1
    if (fresh || byId.has(task.taskId)) byId.set(task.taskId, task)
  }
  for (const id of delta.removedTasks ?? []) {
    byId.delete(id)
    total = Math.max(0, total - 1)
  }
  return { tasks: newestFirst([...byId.values()]), total: Math.max(total, byId.size) }
}

function isNewer(task: Task, known: readonly Task[]): boolean {
  const oldest = known[known.length - 1]
  return known.length < newestTasks || oldest === undefined || task.createdAt > oldest.createdAt
}

function newestFirst(tasks: readonly Task[]): Task[] {
  const order = (a: Task, b: Task) => b.createdAt.localeCompare(a.createdAt) || b.taskId.localeCompare(a.taskId)
  return [...tasks].sort(order).slice(0, newestTasks)
}

function mergeDetails(details: LiveState['details'], delta: Delta): LiveState['details'] {
  if (details.size === 0) return details
  const merged = new Map(details)
  for (const [id, view] of details) merged.set(id, mergeDetail(id, view, delta))
  return merged
}

function mergeDetail(id: string, view: TaskView, delta: Delta): TaskView {
  const changed = delta.tasks?.find((task) => task.taskId === id)
  const task = delta.removedTasks?.includes(id) ? undefined : (changed ?? view.task)
  view.pulls.apply(delta.pulls?.filter((pull) => pull.taskId === id) ?? [])
  const totalPulls = Math.max(task?.progress.totalPulls ?? 0, view.totalPulls, view.pulls.size)
  if (task === view.task && view.revision === view.pulls.revision && totalPulls === view.totalPulls) return view
  return { task, pulls: view.pulls, totalPulls, revision: view.pulls.revision }
}

// Throws away what no one looks at any more.
export function keepTopics(state: LiveState, topics: ReadonlySet<string>): LiveState {
  return {
    ...state,
    tasks: topics.has('tasks') ? state.tasks : undefined,
    changes: topics.has('changes') ? state.changes : undefined,
    details: new Map([...state.details].filter(([id]) => topics.has(taskTopic(id)))),
  }
}
