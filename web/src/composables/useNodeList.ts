// All nodes: from the stream; while it is away, the first page of the list.
import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { listNodes } from '@/api/nodes'
import type { Node } from '@/api/types'
import { useLiveNodes, useLiveStatus } from '@/live/live'

const pollMs = 5000
const pageLimit = 1000

export function useNodeList() {
  const live = useLiveNodes()
  const { isLive } = useLiveStatus()
  const query = useQuery({
    queryKey: ['nodes', 'all'],
    queryFn: () => listNodes('', pageLimit),
    refetchInterval: () => (isLive.value ? false : pollMs),
  })
  const nodes = computed((): Node[] | undefined => {
    const current = isLive.value && live.value ? [...live.value.values()] : query.data.value?.nodes
    return current && [...current].sort((a, b) => (a.name < b.name ? -1 : 1))
  })
  return { nodes, query }
}
