// What whoever is logged in may do. The coordinator decides; the console only explains before it is asked.
import { computed } from 'vue'
import { leastRoles } from '@/api/permissions'
import { useI18n, type MessageKey } from '@/i18n'
import { useSession } from './session'

// An operation of the API by its operationId.
export type Operation = keyof typeof leastRoles
export type Role = 'viewer' | 'operator' | 'admin' | 'system-admin'

export const roles: readonly Role[] = ['viewer', 'operator', 'admin', 'system-admin']

export function roleCan(role: string, operation: Operation): boolean {
  const rank = roles.findIndex((known) => known === role)
  return rank >= roles.indexOf(leastRoles[operation])
}

const roleKey = (role: string): MessageKey | undefined => roles.map((known) => `access.role.${known}` as const).find((key) => key.endsWith(`.${role}`))

export function useCan() {
  const { t } = useI18n()
  const { state, user } = useSession()
  const role = computed(() => user.value?.role ?? 'viewer')
  // Where nobody has to say who they are, everybody may do everything.
  const can = (operation: Operation) => state.value !== 'in' || roleCan(role.value, operation)
  const roleName = (name: string) => {
    const key = roleKey(name)
    return key ? t(key) : name
  }
  return {
    can,
    role,
    roleName,
    // Why not, for a control that is switched off; undefined when it may be used.
    why: (operation: Operation | undefined) =>
      operation === undefined || can(operation)
        ? undefined
        : t('access.needs', { role: roleName(role.value), least: roleName(leastRoles[operation]) }),
  }
}
