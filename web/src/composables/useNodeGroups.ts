// Nodes counted by what they have in common, asked again when nodes changed, at most every few seconds.
import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { groupNodes, type GroupQuestion } from '@/api/nodes'
import { groupingKeys } from '@/lib/nodeList'
import { useRenewed } from './useRenewed'

// Pulls and heartbeats change nodes all the time; what groups there are changes seldom.
const calmMs = 5000

// Undefined asks for nothing.
export function useNodeGroups(question: MaybeRefOrGetter<GroupQuestion | undefined>) {
  const asked = computed(() => toValue(question))
  const query = useQuery({
    queryKey: ['nodes', 'groups', asked],
    queryFn: ({ signal }) => groupNodes(asked.value ?? { by: 'state' }, signal),
    enabled: () => asked.value !== undefined,
    placeholderData: keepPreviousData,
  })
  useRenewed(query, ['nodes'], calmMs)
  return query
}

// Keys of labels that split the nodes that are asked for into groups.
export function useGroupingKeys(nodes: MaybeRefOrGetter<Omit<GroupQuestion, 'by'>>) {
  const query = useNodeGroups(() => ({ ...toValue(nodes), by: 'label_keys' }))
  return computed(() => (query.data.value ? groupingKeys(query.data.value) : []))
}
