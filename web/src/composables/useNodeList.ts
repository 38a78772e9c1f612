// One page of nodes: searched, filtered, sorted and cut by the server, asked again a moment after some of them changed.
import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import { findNodes } from '@/api/nodes'
import type { NodeFilter, NodeSort } from '@/lib/nodeList'
import { useRenewed } from './useRenewed'

// A picture has room for more than a table; it is also the most that the coordinator gives at once.
export const pageSizes = { table: 50, map: 1000 } as const
// Pulls and heartbeats change nodes all the time; a page of thousand is asked for less often.
const calmMs = { table: 1000, map: 5000 } as const

export interface NodeListView {
  q: string
  selector: string
  state: NodeFilter
  sort: NodeSort
  view: 'table' | 'map'
  offset: number
}

const stateWords = { all: '', ready: 'ready', draining: 'draining', notReady: 'not_ready', offline: 'offline' } as const satisfies Record<NodeFilter, string>

export function useNodeList(view: Ref<NodeListView>) {
  const limit = computed(() => pageSizes[view.value.view])
  const asked = computed(() => {
    const { q, selector, state, sort, offset } = view.value
    return { q: q.trim(), selector: selector.trim(), state: stateWords[state], sort, limit: limit.value, offset }
  })
  const query = useQuery({
    queryKey: ['nodes', 'list', asked],
    queryFn: ({ signal }) => findNodes(asked.value, signal),
    placeholderData: keepPreviousData,
  })
  useRenewed(query, ['nodes'], () => calmMs[view.value.view])
  return {
    query,
    // What was found before is not the answer to a question that failed.
    nodes: computed(() => (query.isError.value && query.isPlaceholderData.value ? undefined : query.data.value?.nodes)),
    total: computed(() => query.data.value?.total ?? 0),
    limit,
  }
}
