// View state that lives in the address, so that a reload, a bookmark and the browser's back button keep it.
//   const { view, change } = useUrlView({ q: text(), state: choices(taskStates), offset: whole() })
//   view.value.q; change({ q: 'nginx', offset: 0 })
import { computed, type ComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { readView, writeView, type Parts, type QueryText, type ViewOf } from '@/lib/urlView'

export { choice, choices, text, whole } from '@/lib/urlView'

export interface UrlView<P extends Parts> {
  view: ComputedRef<ViewOf<P>>
  // `keep`: the step is not one to go back to, for example a letter typed into a search box.
  change(changes: Partial<ViewOf<P>>, how?: 'push' | 'keep'): void
}

export function useUrlView<P extends Parts>(parts: P): UrlView<P> {
  const route = useRoute()
  const router = useRouter()
  const query = computed(
    (): QueryText => Object.fromEntries(Object.entries(route.query).map(([name, value]) => [name, [value].flat()[0] ?? undefined])),
  )
  const view = computed(() => readView(parts, query.value))
  return {
    view,
    change(changes, how = 'push') {
      const next = writeView(parts, { ...view.value, ...changes }, query.value)
      void (how === 'push' ? router.push({ query: next }) : router.replace({ query: next }))
    },
  }
}
