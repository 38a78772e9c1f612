// What the console knows from the stream. Values are never changed in place, so that Vue sees a change by identity.
import type { Node, Pull, Task } from '@/api/types'

export interface TasksView {
  // The newest tasks, newest first.
  tasks: readonly Task[]
  // How many there are in all.
  total: number
}

export interface TaskView {
  // Undefined when the coordinator does not know the task (any more).
  task: Task | undefined
  // By pull id, in the order of the coordinator: node, then image.
  pulls: ReadonlyMap<string, Pull>
}

export interface LiveState {
  // Run of the coordinator and version of the last event; both are in the event's id.
  run: string
  version: number
  // Id of the last event, for Last-Event-ID.
  lastId: string
  // Undefined until a snapshot of the topic has come.
  tasks: TasksView | undefined
  nodes: ReadonlyMap<string, Node> | undefined
  details: ReadonlyMap<string, TaskView>
}

export const emptyState: LiveState = {
  run: '',
  version: 0,
  lastId: '',
  tasks: undefined,
  nodes: undefined,
  details: new Map(),
}

export interface Topics {
  [topic: string]: { tasks?: Task[]; total?: number; nodes?: Node[]; task?: Task | null; pulls?: Pull[] }
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
  nodes?: Node[]
  removedNodes?: string[]
}

export const taskTopic = (id: string): string => `task:${id}`
