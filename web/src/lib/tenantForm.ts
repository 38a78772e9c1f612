// A tenant between the form, where '' means "no limit", and the API. Pure.
import type { CreateTenant, Tenant, UpdateTenant } from '@/api/tenants'

type NumberInput = number | ''

export interface TenantForm {
  id: string
  name: string
  nodeSelector: string
  // One a line.
  repositories: string
  openPulls: NumberInput
  tasksPerDay: NumberInput
  gigabytesPerDay: NumberInput
}

const gigabyte = 1_000_000_000

export function tenantFormOf(tenant?: Tenant): TenantForm {
  const { openPulls, tasksPerDay, bytesPerDay } = tenant?.quotas ?? {}
  return {
    id: tenant?.id ?? '',
    name: tenant?.name ?? '',
    nodeSelector: tenant?.nodeSelector ?? '',
    repositories: tenant?.repositories.join('\n') ?? '',
    openPulls: openPulls ?? '',
    tasksPerDay: tasksPerDay ?? '',
    gigabytesPerDay: bytesPerDay == null ? '' : bytesPerDay / gigabyte,
  }
}

const given = (value: NumberInput) => (value === '' ? undefined : value)

// `repositories` and `quotas` replace what was there as a whole.
export function changedTenant(form: TenantForm): UpdateTenant {
  const gigabytes = given(form.gigabytesPerDay)
  return {
    name: form.name.trim() || undefined,
    nodeSelector: form.nodeSelector.trim(),
    repositories: form.repositories.split(/[\s,]+/).filter((word) => word !== ''),
    quotas: {
      openPulls: given(form.openPulls),
      tasksPerDay: given(form.tasksPerDay),
      bytesPerDay: gigabytes === undefined ? undefined : Math.round(gigabytes * gigabyte),
    },
  }
}

export const newTenant = (form: TenantForm): CreateTenant => ({ id: form.id.trim(), ...changedTenant(form) })
