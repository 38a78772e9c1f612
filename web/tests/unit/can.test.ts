import { expect, test } from 'vitest'
import { roleCan } from '@/auth/can'

test('a role may do what a lesser one may; an unknown one may nothing', () => {
  expect(roleCan('viewer', 'list_tasks')).toBe(true)
  expect(roleCan('viewer', 'create_task')).toBe(false)
  expect(roleCan('operator', 'create_task')).toBe(true)
  expect(roleCan('admin', 'set_limits')).toBe(false)
  expect(roleCan('system-admin', 'set_limits')).toBe(true)
  expect(roleCan('nobody', 'list_tasks')).toBe(false)
})
