// Limits between the form, where '' means "does not limit", and the API. Only what was changed is sent, so that two people who change
// different limits do not undo each other's. Pure.
import type { HostLimit, Limits, UpdateLimits } from '@/api/system'

type NumberInput = number | ''

export interface HostRow {
  host: string
  pulls: NumberInput
  rate: NumberInput
}

export interface LimitsForm {
  clusterPulls: NumberInput
  nodePulls: NumberInput
  zonePulls: NumberInput
  zoneLabel: string
  defaultPulls: NumberInput
  defaultRate: NumberInput
  hosts: HostRow[]
}

export function limitsForm(limits: Limits): LimitsForm {
  return {
    clusterPulls: limits.clusterPulls,
    nodePulls: limits.nodePulls ?? '',
    zonePulls: limits.zonePulls ?? '',
    zoneLabel: limits.zoneLabel,
    defaultPulls: limits.registryDefault.pulls ?? '',
    defaultRate: limits.registryDefault.startsPerSecond ?? '',
    hosts: limits.registries.map(({ host, pulls, startsPerSecond }) => ({ host, pulls: pulls ?? '', rate: startsPerSecond ?? '' })),
  }
}

const orNull = (value: NumberInput) => (value === '' ? null : value)
const hostLimit = ({ host, pulls, rate }: HostRow): HostLimit => ({ host: host.trim(), pulls: orNull(pulls), startsPerSecond: orNull(rate) })

// What was changed since `base`; undefined when nothing was.
export function limitsPatch(base: LimitsForm, form: LimitsForm): UpdateLimits | undefined {
  const patch: UpdateLimits = {}
  if (form.clusterPulls !== base.clusterPulls && form.clusterPulls !== '') patch.clusterPulls = form.clusterPulls
  if (form.nodePulls !== base.nodePulls) patch.nodePulls = orNull(form.nodePulls)
  if (form.zonePulls !== base.zonePulls) patch.zonePulls = orNull(form.zonePulls)
  if (form.zoneLabel !== base.zoneLabel) patch.zoneLabel = form.zoneLabel
  const defaults: UpdateLimits['registryDefault'] = {}
  if (form.defaultPulls !== base.defaultPulls) defaults.pulls = orNull(form.defaultPulls)
  if (form.defaultRate !== base.defaultRate) defaults.startsPerSecond = orNull(form.defaultRate)
  if (Object.keys(defaults).length > 0) patch.registryDefault = defaults
  const changed = form.hosts.filter((row) => !base.hosts.some((was) => was.host === row.host.trim() && was.pulls === row.pulls && was.rate === row.rate))
  if (changed.length > 0) patch.registries = changed.map(hostLimit)
  const removed = base.hosts.filter((was) => !form.hosts.some((row) => row.host.trim() === was.host)).map(({ host }) => host)
  if (removed.length > 0) patch.removeRegistries = removed
  return Object.keys(patch).length > 0 ? patch : undefined
}

// How many limits that is.
export function changeCount({ registryDefault, registries, removeRegistries, ...plain }: UpdateLimits): number {
  const nested = Object.keys(registryDefault ?? {}).length + (registries?.length ?? 0) + (removeRegistries?.length ?? 0)
  return Object.keys(plain).length + nested
}
