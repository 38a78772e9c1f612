// Addresses of the console. What a page shows is in its address: filters are queries.
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { ready, useSession } from './auth/session'
import TasksPage from './pages/TasksPage.vue'

export const routes: RouteRecordRaw[] = [
  { path: '/', redirect: '/tasks' },
  { path: '/login', name: 'login', component: () => import('./pages/LoginPage.vue') },
  { path: '/tasks', name: 'tasks', component: TasksPage },
  { path: '/tasks/:id', name: 'task', component: () => import('./pages/TaskPage.vue'), props: true },
  { path: '/nodes', name: 'nodes', component: () => import('./pages/NodesPage.vue') },
  { path: '/nodes/:name', name: 'node', component: () => import('./pages/NodePage.vue'), props: true },
  // Links to the console of the original keep working.
  { path: '/web/:rest(.*)*', redirect: (to) => `/${[to.params.rest].flat().join('/')}` },
  { path: '/:rest(.*)*', name: 'not-found', component: () => import('./pages/NotFoundPage.vue') },
]

export const router = createRouter({
  history: createWebHistory(),
  routes,
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? false : { top: 0 }),
})

// Nobody sees a page who may not; whoever may sees no log-in. Where the coordinator does not answer, the page says so itself.
router.beforeEach(async (to) => {
  await ready()
  const { admitted, state } = useSession()
  if (to.name === 'login') return admitted.value ? { path: '/' } : true
  if (admitted.value || state.value === 'unknown') return true
  return { name: 'login', query: to.fullPath === '/tasks' ? {} : { next: to.fullPath } }
})
