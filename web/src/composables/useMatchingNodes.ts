// How many nodes a selector matches, asked of the coordinator a moment after the last change.
import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, onScopeDispose, shallowRef, watch, type Ref } from 'vue'
import { listNodes } from '@/api/nodes'
import { selectorText, type Label } from '@/lib/selector'

const calmMs = 250
// The largest page; the number of ready nodes is only told when all fit in it.
const pageLimit = 1000
const refreshMs = 5000

export function useMatchingNodes(labels: Ref<readonly Label[]>) {
  const selector = shallowRef(selectorText(labels.value))
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(labels, (now) => {
    clearTimeout(timer)
    timer = setTimeout(() => (selector.value = selectorText(now)), calmMs)
  })
  onScopeDispose(() => clearTimeout(timer))

  const query = useQuery({
    queryKey: ['nodes', 'matching', selector],
    queryFn: () => listNodes(selector.value, pageLimit),
    placeholderData: keepPreviousData,
    refetchInterval: refreshMs,
  })
  const total = computed(() => query.data.value?.total)
  const ready = computed(() => {
    const page = query.data.value
    return page && page.total <= page.nodes.length ? page.nodes.filter((node) => node.ready).length : undefined
  })
  // Labels that the matching nodes have: what one may want to add next.
  const suggestions = computed(() => {
    const pairs = (query.data.value?.nodes ?? []).flatMap((node) => Object.entries(node.labels))
    return [...new Set(pairs.map(([key, value]) => `${key}=${value}`))].sort().slice(0, 50)
  })
  return { total, ready, suggestions, error: query.error }
}
