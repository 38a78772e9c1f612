import { expect, test } from 'vitest'
import type { Tenant } from '@/api/tenants'
import { changedTenant, newTenant, tenantFormOf } from '@/lib/tenantForm'

const tenant: Tenant = {
  id: 'team-a',
  name: 'Team A',
  nodeSelector: 'pool=a',
  repositories: ['registry.example.com/a/*', 'quay.io'],
  quotas: { openPulls: 20, bytesPerDay: 1_500_000_000 },
  usage: { openPulls: 1, tasksToday: 2, bytesToday: 3, dayEndsAt: '2026-11-26T00:00:00Z' },
  createdAt: '2026-11-24T00:00:00Z',
  updatedAt: '2026-11-24T00:00:00Z',
}

test('an edit that changes nothing sends the same rules', () => {
  expect(changedTenant(tenantFormOf(tenant))).toEqual({
    name: 'Team A',
    nodeSelector: 'pool=a',
    repositories: ['registry.example.com/a/*', 'quay.io'],
    quotas: { openPulls: 20, tasksPerDay: undefined, bytesPerDay: 1_500_000_000 },
  })
})

test('an emptied quota does not limit, 0 allows nothing', () => {
  const form = { ...tenantFormOf(tenant), openPulls: '' as const, tasksPerDay: 0 }
  expect(changedTenant(form).quotas).toEqual({ openPulls: undefined, tasksPerDay: 0, bytesPerDay: 1_500_000_000 })
})

test('a new tenant has an id and is called by it where nobody says otherwise', () => {
  expect(newTenant({ ...tenantFormOf(), id: ' team-b ' })).toMatchObject({ id: 'team-b', name: undefined, repositories: [] })
})
