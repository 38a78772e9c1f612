// What the task of the form would do, asked a moment after the last change; a new question ends the one before.
import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { previewTask } from '@/api/tasks'
import type { CreateTask } from '@/api/types'
import { useDebounced } from './useDebounced'

const calmMs = 700

// `ready`: there is something that is worth asking about.
export function usePreview(request: MaybeRefOrGetter<CreateTask>, ready: MaybeRefOrGetter<boolean>) {
  const asked = useDebounced(() => JSON.stringify(toValue(request)), calmMs)
  const query = useQuery({
    queryKey: ['preview', asked],
    queryFn: ({ signal }) => previewTask(JSON.parse(asked.value) as CreateTask, signal),
    enabled: computed(() => toValue(ready)),
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 10_000,
  })
  return { query, preview: computed(() => (toValue(ready) ? query.data.value : undefined)) }
}
