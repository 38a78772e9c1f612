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
  return {
    total: computed(() => query.data.value?.total),
    nodes: computed(() => query.data.value?.nodes ?? []),
    error: query.error,
  }
}
