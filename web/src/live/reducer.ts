// Pure: (state, event of the stream) -> state. Knows nothing of connections, Vue or time.
import type { Node, Pull, Task } from '@/api/types'
import type { StreamEvent } from './parser'
import type { Delta, LiveState, Snapshot, TaskView, Topics } from './state'
import { taskTopic } from './state'

export type Step =
  | { kind: 'applied'; state: LiveState }
  // Older than what is known already: nothing to do.
  | { kind: 'ignored' }
  // The stream went on from a place that we are not at: open it anew without an id.
  | { kind: 'lost'; reason: string }

// The tasks topic holds this many, like the coordinator's snapshot.
export const newestTasks = 100

export function reduce(state: LiveState, event: StreamEvent): Step {
  if (event.event !== 'snapshot' && event.event !== 'resync' && event.event !== 'delta') return { kind: 'ignored' }
  let body: unknown
  try {
    body = JSON.parse(event.data)
  } catch {
    return { kind: 'lost', reason: 'an event was not JSON' }
  }
  const at = place(event.id)
  if (!at) return { kind: 'lost', reason: 'an event had no id' }
  if (event.event !== 'delta') return { kind: 'applied', state: replace(state, event.id, at, body as Snapshot) }
  if (at.run !== state.run) return { kind: 'lost', reason: 'the coordinator restarted' }
  if (at.version <= state.version) return { kind: 'ignored' }
  return { kind: 'applied', state: merge(state, event.id, at.version, body as Delta) }
}

// Splits "<run>-<version>"; the run itself may hold dashes.
function place(id: string): { run: string; version: number } | undefined {
  const match = /^(.+)-(\d+)$/.exec(id)
  return match?.[1] !== undefined ? { run: match[1], version: Number(match[2]) } : undefined
}

function replace(state: LiveState, id: string, at: { run: string; version: number }, body: Snapshot): LiveState {
  const topics: Topics = body.topics
  const details = new Map<string, TaskView>()
  for (const [topic, view] of Object.entries(topics)) {
    if (!topic.startsWith('task:')) continue
    const known = state.details.get(topic.slice(5))?.pulls
    const pulls = new Map((view.pulls ?? []).map((pull) => [pull.pullId, keepLayers(known?.get(pull.pullId), pull)]))
    details.set(topic.slice(5), { task: view.task ?? undefined, pulls })
  }
  const tasks = topics.tasks?.tasks
  const nodes = topics.nodes?.nodes
  return {
    run: at.run,
    version: at.version,
    lastId: id,
    tasks: tasks && { tasks: newestFirst(tasks), total: topics.tasks?.total ?? tasks.length },
    nodes: nodes && new Map(nodes.map((node) => [node.name, node])),
    details,
  }
}

function merge(state: LiveState, id: string, version: number, delta: Delta): LiveState {
  return {
    ...state,
    version,
    lastId: id,
    tasks: mergeTasks(state.tasks, delta),
    nodes: mergeNodes(state.nodes, delta),
    details: mergeDetails(state.details, delta),
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

function newestFirst(tasks: Task[]): Task[] {
  const order = (a: Task, b: Task) => b.createdAt.localeCompare(a.createdAt) || b.taskId.localeCompare(a.taskId)
  return [...tasks].sort(order).slice(0, newestTasks)
}

function mergeNodes(nodes: LiveState['nodes'], delta: Delta): LiveState['nodes'] {
  if (!nodes || (!delta.nodes && !delta.removedNodes)) return nodes
  const merged = new Map<string, Node>(nodes)
  for (const node of delta.nodes ?? []) merged.set(node.name, node)
  for (const name of delta.removedNodes ?? []) merged.delete(name)
  return merged
}

function mergeDetails(details: LiveState['details'], delta: Delta): LiveState['details'] {
  const merged = new Map(details)
  for (const [id, view] of details) merged.set(id, mergeDetail(id, view, delta))
  return merged
}

function mergeDetail(id: string, view: TaskView, delta: Delta): TaskView {
  const changed = delta.tasks?.find((task) => task.taskId === id)
  const task = delta.removedTasks?.includes(id) ? undefined : (changed ?? view.task)
  const mine = delta.pulls?.filter((pull) => pull.taskId === id) ?? []
  if (mine.length === 0) return { task, pulls: view.pulls }
  const pulls = new Map(view.pulls)
  for (const pull of mine) pulls.set(pull.pullId, keepLayers(pulls.get(pull.pullId), pull))
  return { task, pulls }
}

// A delta without layers says nothing about them: those of the same attempt stay.
function keepLayers(known: Pull | undefined, pull: Pull): Pull {
  const has = pull.layers && pull.layers.length > 0
  if (has || !known?.layers || known.attempt !== pull.attempt) return pull
  return { ...pull, layers: known.layers }
}

// Throws away what no one looks at any more.
export function keepTopics(state: LiveState, topics: ReadonlySet<string>): LiveState {
  return {
    ...state,
    tasks: topics.has('tasks') ? state.tasks : undefined,
    nodes: topics.has('nodes') ? state.nodes : undefined,
    details: new Map([...state.details].filter(([id]) => topics.has(taskTopic(id)))),
  }
}
