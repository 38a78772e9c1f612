// Every node: from the stream, which has all of them; those that a selector matches are named by the coordinator. While the stream has not come
// yet, the first page of the list. For what must look at all of them; lists are useNodeList.
import { useQuery } from '@tanstack/vue-query'
import { computed, shallowRef, watch, type Ref } from 'vue'
import { listNodes } from '@/api/nodes'
import type { Node } from '@/api/types'
import { onLiveAgain, useLiveNodes } from '@/live/live'

const firstPage = 100
const pageLimit = 1000
// Calm before the coordinator is asked again who matches.
const calmMs = 1000

async function matching(selector: string): Promise<Node[]> {
  const nodes: Node[] = []
  for (;;) {
    const page = await listNodes(selector, pageLimit, nodes.length)
    nodes.push(...page.nodes)
    if (page.nodes.length === 0 || nodes.length >= page.total) return nodes
  }
}

export function useEveryNode(selector: Ref<string> = shallowRef('')) {
  const live = useLiveNodes()
  const query = useQuery({
    queryKey: ['nodes', 'list', selector],
    queryFn: async () => (selector.value === '' ? (await listNodes('', firstPage)).nodes : matching(selector.value)),
    // What the stream brings need not be asked for.
    enabled: () => selector.value !== '' || live.value === undefined,
  })
  onLiveAgain(() => {
    if (selector.value !== '') void query.refetch()
  })
  // Another node: it may match. Labels that change are seen when somebody looks again.
  let calm: ReturnType<typeof setTimeout> | undefined
  watch(
    () => live.value?.size,
    (_, before) => {
      if (selector.value === '' || before === undefined) return
      clearTimeout(calm)
      calm = setTimeout(() => void query.refetch(), calmMs)
    },
  )

  const nodes = computed((): Node[] | undefined => {
    const known = live.value
    const asked = query.data.value
    if (selector.value !== '') return asked?.map((node) => known?.get(node.name) ?? node)
    const all = known ? [...known.values()] : asked
    return all && [...all].sort((a, b) => (a.name < b.name ? -1 : 1))
  })
  return { nodes }
}
