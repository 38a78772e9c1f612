import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { useRoute } from 'vue-router'

/** What a form page edits: what `load` finds under `id`, read once, or nothing yet. `word` reads what the address fills in. */
export function useEdited<T extends { name: string }>(kind: string, id: () => string | undefined, load: (id: string) => Promise<T>) {
  const route = useRoute()
  // What is being edited must not change under the hands.
  const query = useQuery({
    queryKey: [kind, 'edit', computed(id)],
    queryFn: () => load(id() ?? ''),
    enabled: () => id() !== undefined,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    gcTime: 0,
  })
  const word = (name: string) => [route.query[name]].flat()[0] ?? ''
  return { before: query.data, query, word }
}
