// What the console knows from the stream. Values are never changed in place, so that Vue sees a change by identity; only the pulls of a task
// are (see pulls.ts).
import type { Pull, Task } from '@/api/types'
import type { PullTable } from './pulls'

export interface TasksView {
  // The newest tasks, newest first.
  tasks: readonly Task[]
  // How many there are in all.
  total: number
}

export interface TaskView {
  // Undefined when the coordinator does not know the task (any more).
  task: Task | undefined
  // The first ten thousand.
  pulls: PullTable
  // How many there are in all.
  totalPulls: number
  // Changes with the pulls.
  revision: number
}

export interface LiveState {
  // Run of the coordinator and version of the last event; both are in the event's id.
  run: string
  version: number
  // Id of the last event, for Last-Event-ID.
  lastId: string
  // Undefined until a snapshot of the topic has come.
  tasks: TasksView | undefined
  details: ReadonlyMap<string, TaskView>
  // The version at which some of these things changed last (`all`: any of them may have). Undefined until a snapshot of the topic has come.
  changes: ReadonlyMap<string, number> | undefined
}

// Things of which the stream says only that some changed.
export type Noun = 'schedules' | 'deliveries' | 'limits' | 'policies' | 'nodes'

export const emptyState: LiveState = {
  run: '',
  version: 0,
  lastId: '',
  tasks: undefined,
  details: new Map(),
  changes: undefined,
}

export interface Topics {
  [topic: string]: {
    tasks?: readonly Task[]
    total?: number
    task?: Task | null
    pulls?: readonly Pull[]
    totalPulls?: number
  }
}

// An event of the stream, its data parsed.
export interface LiveEvent {
  event: string
  id: string
  body: unknown
}

// Body of `snapshot` and `resync`.
export interface Snapshot {
  version: number
  topics: Topics
}

// Body of `delta`: only the keys that have something.
export interface Delta {
  version: number
  tasks?: Task[]
  removedTasks?: string[]
  pulls?: Pull[]
  changed?: string[]
}

export const taskTopic = (id: string): string => `task:${id}`

// The state as the event that leads to it: for a tab that has just come.
export function asSnapshot(state: LiveState): LiveEvent {
  const topics: Topics = {}
  if (state.tasks) topics.tasks = { tasks: state.tasks.tasks, total: state.tasks.total }
  if (state.changes) topics.changes = {}
  for (const [id, view] of state.details) {
    topics[taskTopic(id)] = { task: view.task ?? null, pulls: view.pulls.rows, totalPulls: view.totalPulls }
  }
  const body: Snapshot = { version: state.version, topics }
  return { event: 'snapshot', id: state.lastId, body }
}
