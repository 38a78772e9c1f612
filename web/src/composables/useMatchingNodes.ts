// Which nodes a selector matches, asked a moment after the last change.
import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { listNodes } from '@/api/nodes'
import { useDebounced } from './useDebounced'

const shownNames = 100

export function useMatchingNodes(selector: MaybeRefOrGetter<string>) {
  const asked = useDebounced(() => toValue(selector))
  const query = useQuery({
    queryKey: ['nodes', 'matching', asked],
    queryFn: () => listNodes(asked.value, shownNames),
    placeholderData: keepPreviousData,
    retry: false,
  })
  const everyNode = useQuery({ queryKey: ['nodes', 'matching', ''], queryFn: () => listNodes('', shownNames), staleTime: 30_000 })
  // What one may want to write: labels of nodes, by key.
  const labels = computed(() => {
    const known = new Map<string, Set<string>>()
    for (const node of everyNode.data.value?.nodes ?? []) {
      for (const [key, value] of Object.entries(node.labels)) {
        const values = known.get(key) ?? new Set<string>()
        known.set(key, values.add(value))
      }
    }
    return known
  })
  return {
    total: computed(() => query.data.value?.total),
    nodes: computed(() => query.data.value?.nodes ?? []),
    labels,
    error: query.error,
  }
}
