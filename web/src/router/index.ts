// Addresses of the console. What a page shows is in its address: filters are queries (composables/useUrlView.ts).
import { createRouter, createWebHistory } from 'vue-router'
import { ready, useSession } from '@/auth/session'
import { allTexts } from '@/i18n'
import { pages } from './pages'

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/login', name: 'login', component: () => import('@/pages/login/LoginPage.vue'), meta: { core: true } },
    ...pages,
    // Links to the console of the original keep working.
    { path: '/web/:rest(.*)*', redirect: (to) => `/${[to.params.rest].flat().join('/')}` },
    { path: '/dashboard', redirect: '/' },
    { path: '/:rest(.*)*', name: 'not-found', component: () => import('@/pages/NotFoundPage.vue'), meta: { core: true } },
  ],
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? false : { top: 0 }),
})

// Nobody sees a page who may not; whoever may sees no log-in. Where the coordinator does not answer, the page says so itself.
router.beforeEach(async (to) => {
  await ready()
  const { admitted, state } = useSession()
  if (to.name === 'login') return admitted.value ? { path: '/' } : true
  if (admitted.value || state.value === 'unknown') return true
  return { name: 'login', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
})

// No page without its words.
router.beforeResolve(async (to) => {
  if (!to.meta.core) await allTexts()
})

// A build that is gone: the coordinator was upgraded while this tab was open. What the address holds is not lost by loading anew.
router.onError((cause, to) => {
  if (/dynamically imported module|preload/i.test(String(cause))) location.assign(to.fullPath)
})
