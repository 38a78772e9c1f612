// Every page: its address, its place in the menu, and what one must be allowed to do to see it. Pages are loaded when they are first opened.
import type { RouteRecordRaw } from 'vue-router'
import type { Operation } from '@/auth/can'
import type { IconName } from '@/components/ui/AppIcon.vue'
import type { MessageKey } from '@/i18n'

declare module 'vue-router' {
  interface RouteMeta {
    // Without it the page says why it stays closed.
    needs?: Operation
    // Its words are among those that are loaded first (locales/en/core.ts).
    core?: boolean
    // The entry of the menu that stands for this page.
    menu?: string
  }
}

export interface MenuEntry {
  name: string
  title: MessageKey
  icon: IconName
  needs: Operation | undefined
  // Second key after `g`.
  key: string
}

export interface MenuGroup {
  title: MessageKey
  entries: readonly MenuEntry[]
}

type Load = RouteRecordRaw['component']

function page(name: string, path: string, component: Load, meta: RouteRecordRaw['meta'] = {}): RouteRecordRaw {
  return { name, path, component, meta: { menu: name, ...meta }, props: path.includes(':') } as RouteRecordRaw
}

export const pages: RouteRecordRaw[] = [
  page('overview', '/', () => import('@/pages/overview/OverviewPage.vue'), { core: true }),
  page('tasks', '/tasks', () => import('@/pages/tasks/TasksPage.vue')),
  page('new-task', '/tasks/new', () => import('@/pages/tasks/NewTaskPage.vue'), { menu: 'tasks', needs: 'create_task' }),
  page('task', '/tasks/:id', () => import('@/pages/tasks/TaskPage.vue'), { menu: 'tasks' }),
  page('schedules', '/schedules', () => import('@/pages/schedules/SchedulesPage.vue')),
  page('new-schedule', '/schedules/new', () => import('@/pages/schedules/EditSchedulePage.vue'), { menu: 'schedules', needs: 'create_schedule' }),
  page('schedule', '/schedules/:id', () => import('@/pages/schedules/SchedulePage.vue'), { menu: 'schedules' }),
  page('edit-schedule', '/schedules/:id/edit', () => import('@/pages/schedules/EditSchedulePage.vue'), { menu: 'schedules', needs: 'update_schedule' }),
  page('policies', '/policies', () => import('@/pages/policies/PoliciesPage.vue')),
  page('new-policy', '/policies/new', () => import('@/pages/policies/EditPolicyPage.vue'), { menu: 'policies', needs: 'create_policy' }),
  page('policy', '/policies/:id', () => import('@/pages/policies/PolicyPage.vue'), { menu: 'policies' }),
  page('edit-policy', '/policies/:id/edit', () => import('@/pages/policies/EditPolicyPage.vue'), { menu: 'policies', needs: 'update_policy' }),
  page('coverage', '/coverage', () => import('@/pages/coverage/CoveragePage.vue')),
  page('library', '/library', () => import('@/pages/library/LibraryPage.vue')),
  page('nodes', '/nodes', () => import('@/pages/nodes/NodesPage.vue')),
  page('node', '/nodes/:name', () => import('@/pages/nodes/NodePage.vue'), { menu: 'nodes' }),
  page('registries', '/registries', () => import('@/pages/registries/RegistriesPage.vue')),
  page('notifications', '/notifications', () => import('@/pages/notifications/NotificationsPage.vue')),
  page('users', '/users', () => import('@/pages/users/UsersPage.vue'), { needs: 'list_users' }),
  page('tenants', '/tenants', () => import('@/pages/tenants/TenantsPage.vue')),
  page('tokens', '/tokens', () => import('@/pages/tokens/TokensPage.vue'), { needs: 'list_tokens' }),
  page('audit', '/audit', () => import('@/pages/audit/AuditPage.vue'), { needs: 'list_audit' }),
  page('settings', '/settings', () => import('@/pages/settings/SettingsPage.vue')),
  page('about', '/about', () => import('@/pages/about/AboutPage.vue')),
]

function entry(name: string, title: MessageKey, icon: IconName, key: string): MenuEntry {
  const needs = pages.find((known) => known.name === name)?.meta?.needs
  return { name, title, icon, needs, key }
}

export const menu: readonly MenuGroup[] = [
  {
    title: 'nav.group.prewarm',
    entries: [
      entry('overview', 'nav.overview', 'gauge', 'o'),
      entry('tasks', 'nav.tasks', 'layers', 't'),
      entry('policies', 'nav.policies', 'anchor', 'p'),
      entry('schedules', 'nav.schedules', 'clock', 's'),
      entry('coverage', 'nav.coverage', 'grid', 'c'),
      entry('library', 'nav.library', 'book', 'l'),
    ],
  },
  {
    title: 'nav.group.cluster',
    entries: [
      entry('nodes', 'nav.nodes', 'server', 'n'),
      entry('registries', 'nav.registries', 'box', 'r'),
      entry('notifications', 'nav.notifications', 'bell', 'm'),
    ],
  },
  {
    title: 'nav.group.admin',
    entries: [
      entry('users', 'nav.users', 'user', 'u'),
      entry('tenants', 'nav.tenants', 'table', 'w'),
      entry('tokens', 'nav.tokens', 'key', 'k'),
      entry('audit', 'nav.audit', 'list', 'a'),
      entry('settings', 'nav.settings', 'sliders', 'e'),
      entry('about', 'nav.about', 'info', 'i'),
    ],
  },
]
