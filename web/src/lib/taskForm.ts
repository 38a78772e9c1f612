// The form of a task and the request that it stands for. It checks nothing: the coordinator does. Pure.
import type { CreateTask, Task } from '@/api/types'
import { conditionsOf, selectorOf, type Condition } from './conditions'
import { referencesOf } from './imageReference'
import { labelsOf, selectorText } from './selector'

// An emptied number input is ''.
type NumberInput = number | ''

export interface TaskForm {
  images: string
  conditions: Condition[]
  nodeNames: string
  excludeNodes: string
  maxNodes: string
  platform: string
  priority: NumberInput
  parallelism: string
  batchMode: 'rolling' | 'strict'
  canary: string
  abortFailurePercent: NumberInput
  successThreshold: NumberInput
  deadlineMinutes: NumberInput
  pullPolicy: 'IfNotPresent' | 'Always'
  maxRetries: NumberInput
  retryStrategy: 'linear' | 'exponential'
  retryDelay: NumberInput
  pullTimeoutSeconds: NumberInput
  webhookUrl: string
  channels: string[]
  // '' is the task's choice by registry.
  secretId: NumberInput
}

export function blankForm(): TaskForm {
  return {
    images: '',
    conditions: [],
    nodeNames: '',
    excludeNodes: '',
    maxNodes: '',
    platform: '',
    priority: 5,
    parallelism: '',
    batchMode: 'rolling',
    canary: '',
    abortFailurePercent: '',
    successThreshold: '',
    deadlineMinutes: '',
    pullPolicy: 'IfNotPresent',
    maxRetries: 0,
    retryStrategy: 'linear',
    retryDelay: '',
    pullTimeoutSeconds: '',
    webhookUrl: '',
    channels: [],
    secretId: '',
  }
}

const given = (value: NumberInput): number | undefined => (value === '' ? undefined : value)
const words = (text: string): string[] => text.split(/[\s,]+/).filter((word) => word !== '')
const some = (list: string[]): string[] | undefined => (list.length > 0 ? list : undefined)

// What is left at its default is left out: the request says what was meant.
export function requestOf(form: TaskForm): CreateTask {
  const minutes = given(form.deadlineMinutes)
  const retries = given(form.maxRetries)
  return {
    images: referencesOf(form.images),
    labelSelector: selectorOf(form.conditions) || undefined,
    nodeNames: some(words(form.nodeNames)),
    excludeNodes: some(words(form.excludeNodes)),
    maxNodes: form.maxNodes.trim() || undefined,
    platform: form.platform.trim() || undefined,
    priority: form.priority === 5 ? undefined : given(form.priority),
    parallelism: form.parallelism.trim() || undefined,
    batchMode: form.batchMode === 'strict' ? 'strict' : undefined,
    canary: form.canary.trim() || undefined,
    abortFailurePercent: given(form.abortFailurePercent),
    successThreshold: given(form.successThreshold),
    deadlineSeconds: minutes === undefined ? undefined : minutes * 60,
    pullPolicy: form.pullPolicy === 'Always' ? 'Always' : undefined,
    maxRetries: retries || undefined,
    retryStrategy: retries && form.retryStrategy === 'exponential' ? 'exponential' : undefined,
    retryDelay: given(form.retryDelay),
    pullTimeoutSeconds: given(form.pullTimeoutSeconds),
    webhookUrl: form.webhookUrl.trim() || undefined,
    channels: some(form.channels),
    secretId: given(form.secretId),
  }
}

// The form that makes a task like this one.
export function formOf(task: Task): TaskForm {
  const selectors = [selectorText(labelsOf(task.nodeSelector)), task.labelSelector ?? ''].filter((text) => text !== '')
  return {
    ...blankForm(),
    images: task.images.join('\n'),
    conditions: conditionsOf(selectors.join(',')),
    nodeNames: (task.nodeNames ?? []).join(' '),
    excludeNodes: (task.excludeNodes ?? []).join(' '),
    maxNodes: task.maxNodes ?? '',
    platform: task.platform ?? '',
    priority: task.priority,
    parallelism: task.parallelism ?? (task.batchSize ? String(task.batchSize) : ''),
    batchMode: task.batchMode,
    canary: task.canary ?? '',
    abortFailurePercent: task.abortFailurePercent ?? '',
    successThreshold: task.successThreshold === 100 ? '' : task.successThreshold,
    deadlineMinutes: task.deadlineSeconds ? Math.ceil(task.deadlineSeconds / 60) : '',
    pullPolicy: task.pullPolicy,
    maxRetries: task.maxRetries,
    retryStrategy: task.retryStrategy,
    retryDelay: task.maxRetries > 0 ? task.retryDelay : '',
    pullTimeoutSeconds: task.pullTimeoutSeconds === 3600 ? '' : task.pullTimeoutSeconds,
    channels: [...(task.channels ?? [])],
    webhookUrl: task.webhookUrl ?? '',
    secretId: task.secretId ?? '',
  }
}

// Which input shows what the coordinator says about a field of the request.
export const inputOf: Readonly<Record<string, keyof TaskForm>> = {
  labelSelector: 'conditions',
  nodeSelector: 'conditions',
  nodeExpressions: 'conditions',
  batchSize: 'parallelism',
  deadlineSeconds: 'deadlineMinutes',
  secretIds: 'secretId',
}
