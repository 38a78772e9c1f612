// The composition root of the console.
import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { createApp } from 'vue'
import App from './App.vue'
import { ApiError } from './api/errors'
import { applyTheme } from './composables/useTheme'
import { startLanguage } from './i18n'
import { startLive } from './live/live'
import { router } from './router'
import './styles/tokens.css'
import './styles/base.css'

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // What the coordinator refused it will refuse again; who waited in vain for an answer is told so.
      retry: (failures, cause) => failures < 2 && !(cause instanceof ApiError && (cause.code === 'no_answer' || (cause.status >= 400 && cause.status < 500))),
    },
  },
})

applyTheme()
await startLanguage()
createApp(App).use(router).use(VueQueryPlugin, { queryClient: queries }).mount('#app')
startLive()
