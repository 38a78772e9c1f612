// Removes images from nodes: first the agents are asked what would become of them, then they are told to do it.
import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, shallowRef, watch, type Ref } from 'vue'
import { fromThrown, type ApiError } from '@/api/errors'
import { purge, type PurgeOutcome, type PurgeTarget } from '@/api/purges'
import { needsLook } from '@/lib/purge'

// Undefined while nobody asks.
export function usePurge(target: Ref<PurgeTarget | undefined>) {
  const queries = useQueryClient()
  const busy = shallowRef(false)
  const done = shallowRef<PurgeOutcome>()
  const refused = shallowRef<ApiError>()
  const trial = useQuery({
    queryKey: ['purge', target],
    queryFn: ({ signal }) => purge(target.value ?? { images: [] }, true, signal),
    enabled: () => target.value !== undefined && done.value === undefined,
    retry: false,
    gcTime: 0,
    refetchOnWindowFocus: false,
  })
  watch(target, () => {
    done.value = undefined
    refused.value = undefined
  })

  async function remove(): Promise<void> {
    if (!target.value || busy.value) return
    busy.value = true
    refused.value = undefined
    try {
      done.value = await purge(target.value, false)
    } catch (cause) {
      refused.value = fromThrown(cause)
    } finally {
      busy.value = false
      for (const key of ['node', 'nodes', 'policy', 'policies', 'policy-coverage']) void queries.invalidateQueries({ queryKey: [key] })
    }
  }

  const outcome = computed(() => done.value ?? (trial.isFetching.value ? undefined : trial.data.value))
  return {
    busy,
    asking: computed(() => trial.isFetching.value),
    // What became of it, or would.
    outcome,
    results: computed(() => needsLook(outcome.value?.results ?? [])),
    ended: computed(() => done.value !== undefined),
    error: computed(() => refused.value ?? (trial.isError.value ? fromThrown(trial.error.value) : undefined)),
    remove,
  }
}
