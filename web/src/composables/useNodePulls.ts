// Pulls of one node, now and before. The API lists pulls by task only: the open tasks and the newest ended ones are asked for theirs.
import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, shallowRef, watch, type Ref } from 'vue'
import { listPulls, listTasks } from '@/api/tasks'
import type { Node, Pull, Task, TaskState } from '@/api/types'
import { useTaskNudge } from './useNudge'

const openStates: readonly TaskState[] = ['running', 'pending', 'paused']
const endedStates: readonly TaskState[] = ['completed', 'failed', 'cancelled']
// The newest open tasks that are asked.
const mostOpen = 30
const step = 20
const pullLimit = 100
// So many questions at once: a browser has six connections over HTTP/1.1.
const atOnce = 4
const calmMs = 1500

export interface TaskPull {
  task: Task
  pull: Pull
}

async function pullsOf(node: string, tasks: readonly Task[]): Promise<TaskPull[]> {
  const found: TaskPull[] = []
  for (let index = 0; index < tasks.length; index += atOnce) {
    const pages = await Promise.all(
      tasks.slice(index, index + atOnce).map(async (task) => ({ task, page: await listPulls(task.taskId, { node, limit: pullLimit }) })),
    )
    for (const { task, page } of pages) found.push(...page.pulls.map((pull) => ({ task, pull })))
  }
  return found
}

export function useNodePulls(name: Ref<string>, node: Ref<Node | undefined>) {
  const depth = shallowRef(step)
  watch(name, () => (depth.value = step))
  const now = useQuery({
    queryKey: ['node-pulls', 'open', name],
    queryFn: async () => pullsOf(name.value, (await listTasks({ states: openStates, limit: mostOpen })).tasks),
  })
  const before = useQuery({
    queryKey: ['node-pulls', 'ended', name, depth],
    queryFn: async () => pullsOf(name.value, (await listTasks({ states: endedStates, limit: depth.value })).tasks),
    placeholderData: keepPreviousData,
  })
  // Slots that are taken or freed, and tasks that come and go, are what changes this.
  useTaskNudge(() => now.refetch(), calmMs)
  watch(
    () => [node.value?.runningPulls, node.value?.imageCount],
    (_, was) => {
      if (was[0] !== undefined) void before.refetch()
    },
  )
  const waits = (pull: Pull) => pull.state === 'queued' || pull.state === 'dispatched' || pull.state === 'pulling'
  return {
    depth,
    now,
    before,
    open: computed(() => now.data.value?.filter(({ pull }) => waits(pull)) ?? []),
    ended: computed(() => [...(now.data.value?.filter(({ pull }) => !waits(pull)) ?? []), ...(before.data.value ?? [])]),
    all: computed(() => [...(now.data.value ?? []), ...(before.data.value ?? [])].map(({ pull }) => pull)),
    lookBack: () => (depth.value += step),
  }
}
