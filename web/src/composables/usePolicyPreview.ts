// What the policy of the form would find, asked a moment after the last change.
import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { previewPolicy, type CreatePolicy } from '@/api/policies'
import { useDebounced } from './useDebounced'

const calmMs = 700

export function usePolicyPreview(request: MaybeRefOrGetter<CreatePolicy>) {
  const asked = useDebounced(() => JSON.stringify(toValue(request)), calmMs)
  const empty = computed(() => {
    const { taskConfig, libraryTag, workloads } = toValue(request)
    return taskConfig.images.length === 0 && !libraryTag && !workloads
  })
  const query = useQuery({
    queryKey: ['policy-preview', asked],
    queryFn: ({ signal }) => {
      const wanted = JSON.parse(asked.value) as CreatePolicy
      // It can be looked at before it has a name.
      return previewPolicy({ ...wanted, name: wanted.name || '-' }, signal)
    },
    enabled: () => !empty.value,
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 10_000,
  })
  return { query, empty, preview: computed(() => (empty.value ? undefined : query.data.value)) }
}
