// The console's names for the types of the API.
import type { components } from './schema'

type Schemas = components['schemas']

export type ByteCounts = Schemas['ByteCounts']
export type TaskState = Schemas['TaskState']
export type PullState = Schemas['PullState']
export type PullPhase = Schemas['PullPhase']
export type FailureReason = Schemas['FailureReason']
export type FailureGroup = Schemas['FailureGroup']
export type Task = Schemas['Task']
export type TaskPage = Schemas['TaskPage']
export type CreateTask = Schemas['CreateTask']
export type Pull = Schemas['Pull']
export type PullPage = Schemas['PullPage']
export type Layer = Schemas['Layer']
export type Node = Schemas['Node']
export type NodePage = Schemas['NodePage']
export type NodeGroups = Schemas['NodeGroups']
export type InventoryImage = Schemas['InventoryImage']
export type Digests = Schemas['Digests']
export type User = Schemas['User']
export type LoggedIn = Schemas['LoggedIn']
export type Schema<K extends keyof Schemas> = Schemas[K]

export const taskStates: readonly TaskState[] = ['pending', 'running', 'paused', 'completed', 'failed', 'cancelled']
export const pullStates: readonly PullState[] = [
  'pulling',
  'dispatched',
  'queued',
  'failed',
  'succeeded',
  'skipped',
  'cancelled',
]

// True once nothing more will happen to the task.
export function hasEnded(state: TaskState): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled'
}
