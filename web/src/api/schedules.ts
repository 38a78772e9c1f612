// Scheduled tasks and their runs.
import { body, client } from './http'
import type { components } from './schema'

type Schemas = components['schemas']

export type Schedule = Schemas['ScheduledTask']
export type SchedulePage = Schemas['ScheduledTaskPage']
export type ScheduleTask = Schemas['TaskConfig']
export type CreateSchedule = Schemas['CreateScheduledTask']
export type UpdateSchedule = Schemas['UpdateScheduledTask']
export type OverlapPolicy = Schemas['OverlapPolicy']
export type MissedRuns = Schemas['MissedRuns']
export type Execution = Schemas['Execution']
export type ExecutionStatus = Schemas['ExecutionStatus']
export type ExecutionPage = Schemas['ExecutionPage']

export const overlapPolicies: readonly OverlapPolicy[] = ['skip', 'allow', 'queue', 'replace']
export const missedRunChoices: readonly MissedRuns[] = ['skip', 'run_once']
export const executionStatuses: readonly ExecutionStatus[] = ['queued', 'running', 'success', 'failed', 'skipped', 'timeout']

export interface ScheduleFilter {
  // Only those that are switched on, or off.
  enabled?: boolean
  // The next run first, instead of the newest schedule.
  sort?: 'next'
}

export function listSchedules(limit: number, offset: number, filter: ScheduleFilter = {}): Promise<SchedulePage> {
  return body(client.GET('/api/v1/scheduled-tasks', { params: { query: { limit, offset, ...filter } } }))
}

export function getSchedule(id: string): Promise<Schedule> {
  return body(client.GET('/api/v1/scheduled-tasks/{id}', { params: { path: { id } } }))
}

export function createSchedule(request: CreateSchedule): Promise<Schedule> {
  return body(client.POST('/api/v1/scheduled-tasks', { body: request }))
}

export function updateSchedule(id: string, request: UpdateSchedule): Promise<Schedule> {
  return body(client.PUT('/api/v1/scheduled-tasks/{id}', { params: { path: { id } }, body: request }))
}

export async function deleteSchedule(id: string): Promise<void> {
  await body(client.DELETE('/api/v1/scheduled-tasks/{id}', { params: { path: { id } } }))
}

export async function enableSchedule(id: string, enabled: boolean): Promise<void> {
  const params = { path: { id } }
  if (enabled) await body(client.PUT('/api/v1/scheduled-tasks/{id}/enable', { params }))
  else await body(client.PUT('/api/v1/scheduled-tasks/{id}/disable', { params }))
}

// Answers the id of the task that was started.
export async function triggerSchedule(id: string): Promise<string> {
  const answer = await body(client.POST('/api/v1/scheduled-tasks/{id}/trigger', { params: { path: { id } } }))
  return answer.taskId
}

export function listExecutions(id: string, query: { limit: number; offset: number; status?: string }): Promise<ExecutionPage> {
  return body(client.GET('/api/v1/scheduled-tasks/{id}/executions', { params: { path: { id }, query } }))
}
