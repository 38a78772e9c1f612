// A schedule between the form, where an emptied number is '', and the API. Pure.
import type { CreateSchedule, MissedRuns, OverlapPolicy, Schedule, ScheduleTask } from '@/api/schedules'
import type { CreateTask } from '@/api/types'
import { conditionsOf, selectorOf, type Condition } from './conditions'
import { referencesOf } from './imageReference'

export type NumberInput = number | ''

// The task that a schedule starts and a policy orders.
export interface TaskFields {
  images: string
  // Of all labels, those that are named plainly too.
  conditions: Condition[]
  priority: NumberInput
  batchSize: NumberInput
  maxRetries: NumberInput
  retryStrategy: ScheduleTask['retryStrategy']
  retryDelay: NumberInput
  secretIds: readonly number[]
  channels: readonly string[]
}

export interface ScheduleForm extends TaskFields {
  name: string
  description: string
  cronExpr: string
  timeZone: string
  enabled: boolean
  overlapPolicy: OverlapPolicy
  missedRuns: MissedRuns
  timeoutMinutes: NumberInput
}

export function blankTask(images = '', selector = ''): TaskFields {
  return {
    images,
    conditions: conditionsOf(selector),
    priority: 5,
    batchSize: '',
    maxRetries: 0,
    retryStrategy: 'linear',
    retryDelay: 30,
    secretIds: [],
    channels: [],
  }
}

export function blankSchedule(timeZone: string, images = '', selector = ''): ScheduleForm {
  return {
    name: '',
    description: '',
    cronExpr: '0 2 * * *',
    timeZone,
    enabled: true,
    overlapPolicy: 'skip',
    missedRuns: 'skip',
    timeoutMinutes: '',
    ...blankTask(images, selector),
  }
}

// All conditions on labels as one text.
export function selectorText(task: Pick<ScheduleTask, 'nodeSelector' | 'labelSelector'>): string {
  const plain = Object.entries(task.nodeSelector ?? {}).map(([key, value]) => `${key}=${value}`)
  return [...plain, ...(task.labelSelector ? [task.labelSelector] : [])].join(',')
}

export function taskFieldsOf(task: ScheduleTask): TaskFields {
  return {
    images: task.images.join('\n'),
    conditions: conditionsOf(selectorText(task)),
    priority: task.priority,
    batchSize: task.batchSize ?? '',
    maxRetries: task.maxRetries,
    retryStrategy: task.retryStrategy,
    retryDelay: task.retryDelay,
    secretIds: [...(task.secretIds ?? [])],
    channels: [...(task.channels ?? [])],
  }
}

export function formOf(schedule: Schedule): ScheduleForm {
  return {
    name: schedule.name,
    description: schedule.description,
    cronExpr: schedule.cronExpr,
    timeZone: schedule.timeZone,
    enabled: schedule.enabled,
    overlapPolicy: schedule.overlapPolicy,
    missedRuns: schedule.missedRuns,
    timeoutMinutes: schedule.timeoutSeconds > 0 ? schedule.timeoutSeconds / 60 : '',
    ...taskFieldsOf(schedule.taskConfig),
  }
}

// False where the answer holds only the first names of a long list: sent back, it would forget the others.
export function isWhole(task: ScheduleTask): boolean {
  return task.nodeNameCount === undefined && task.excludeNodeCount === undefined
}

const numberOf = (value: NumberInput) => (value === '' ? undefined : value)

// What an answer says beyond what a request may say; plain labels become conditions.
const answered = new Set(['canaryNodes', 'nodeSelector', 'secretId', 'nodeNameCount', 'excludeNodeCount'])

function without<T extends object>(object: T, names: ReadonlySet<string>): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.has(name))) as Partial<T>
}

// What the form has no field for stays as it was.
export function taskOf(form: TaskFields, before?: ScheduleTask): CreateTask {
  const kept: Partial<ScheduleTask> = before ? without(before, answered) : {}
  const batchSize = numberOf(form.batchSize)
  return {
    ...kept,
    images: referencesOf(form.images),
    labelSelector: selectorOf(form.conditions) || undefined,
    priority: numberOf(form.priority),
    batchSize,
    // Both at once are refused.
    parallelism: batchSize === undefined ? kept.parallelism : undefined,
    maxRetries: numberOf(form.maxRetries),
    retryStrategy: form.retryStrategy,
    retryDelay: numberOf(form.retryDelay),
    secretIds: form.secretIds.length > 0 ? [...form.secretIds] : undefined,
    channels: form.channels.length > 0 ? [...form.channels] : undefined,
  }
}

export function requestOf(form: ScheduleForm, before?: Schedule): CreateSchedule {
  const minutes = numberOf(form.timeoutMinutes) ?? 0
  const request: CreateSchedule = {
    name: form.name.trim(),
    description: form.description,
    cronExpr: form.cronExpr.trim(),
    timeZone: form.timeZone.trim() || null,
    enabled: form.enabled,
    overlapPolicy: form.overlapPolicy,
    missedRuns: form.missedRuns,
    timeoutSeconds: Math.round(minutes * 60),
    taskConfig: taskOf(form, before?.taskConfig),
  }
  if (!before || isWhole(before.taskConfig)) return request
  // Left out, it stays as it is.
  return without(request, new Set(['taskConfig'])) as CreateSchedule
}

const shownFields = new Set<string>([
  ...['images', 'nodeSelector', 'labelSelector', 'priority', 'batchSize', 'maxRetries', 'retryStrategy', 'retryDelay'],
  ...['secretId', 'secretIds', 'channels'],
])
// What the coordinator fills in by itself.
const usual: Readonly<Record<string, unknown>> = {
  pullTimeoutSeconds: 3600,
  noProgressTimeoutSeconds: 300,
  batchMode: 'rolling',
  successThreshold: 100,
  pullPolicy: 'IfNotPresent',
}

// Settings of the task that the form does not show and that somebody chose.
export function keptFields(task: ScheduleTask): string[] {
  return Object.entries(task)
    .filter(([name, value]) => !shownFields.has(name) && value !== undefined && usual[name] !== value)
    .map(([name]) => name)
}
