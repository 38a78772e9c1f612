// A policy between the form and the API. Pure.
import { followModes, type CreatePolicy, type FollowMode, type Policy, type UpdatePolicy } from '@/api/policies'
import { blankTask, isWhole, taskFieldsOf, taskOf, type TaskFields } from './scheduleForm'

export interface PolicyForm extends TaskFields {
  name: string
  description: string
  libraryTag: string
  // Labels and namespaces of workloads to follow, as text.
  workloads: string
  workloadNamespaces: string
  mode: FollowMode
  cronExpr: string
  timeZone: string
  pin: boolean
  // Only when it is made: later there are buttons for it.
  paused: boolean
}

export function blankPolicy(timeZone: string, images = '', selector = ''): PolicyForm {
  return { name: '', description: '', libraryTag: '', workloads: '', workloadNamespaces: '', mode: 'never', cronExpr: '@hourly', timeZone, pin: false, paused: false, ...blankTask(images, selector) }
}

export function formOf(policy: Policy): PolicyForm {
  const { tagFollowing, taskConfig } = policy
  return {
    name: policy.name,
    description: policy.description,
    libraryTag: policy.libraryTag ?? '',
    workloads: policy.workloads?.selector ?? '',
    workloadNamespaces: policy.workloads?.namespaces.join(', ') ?? '',
    mode: followModes.find((known) => known === tagFollowing.mode) ?? 'never',
    cronExpr: tagFollowing.cronExpr ?? '@hourly',
    timeZone: tagFollowing.timeZone ?? 'UTC',
    pin: taskConfig.pin ?? false,
    paused: policy.paused,
    ...taskFieldsOf(taskConfig),
  }
}

const followingOf = ({ mode, cronExpr, timeZone }: PolicyForm) =>
  mode === 'never' ? { mode } : { mode, cronExpr: cronExpr.trim(), timeZone: timeZone.trim() || undefined }

// Kinds have no field: they stay as they are.
function workloadsOf(form: PolicyForm, before?: Policy): NonNullable<UpdatePolicy['workloads']> {
  const namespaces = form.workloadNamespaces.split(/[\s,]+/).filter(Boolean)
  return { selector: form.workloads.trim() || undefined, namespaces: namespaces.length > 0 ? namespaces : undefined, kinds: before?.workloads?.kinds }
}

function configOf(form: PolicyForm, before?: Policy): CreatePolicy['taskConfig'] {
  const config = taskOf(form, before?.taskConfig)
  return { ...config, pin: form.pin || undefined }
}

export function createRequest(form: PolicyForm): CreatePolicy {
  return {
    name: form.name.trim(),
    description: form.description,
    libraryTag: form.libraryTag.trim() || undefined,
    workloads: form.workloads.trim() || form.workloadNamespaces.trim() ? workloadsOf(form) : undefined,
    tagFollowing: followingOf(form),
    paused: form.paused,
    taskConfig: configOf(form),
  }
}

// A task of which only the first names are known is left out: it stays as it is.
export function updateRequest(form: PolicyForm, before: Policy): UpdatePolicy {
  return {
    name: form.name.trim(),
    description: form.description,
    libraryTag: form.libraryTag.trim(),
    workloads: workloadsOf(form, before),
    tagFollowing: followingOf(form),
    taskConfig: isWhole(before.taskConfig) ? configOf(form, before) : undefined,
  }
}
