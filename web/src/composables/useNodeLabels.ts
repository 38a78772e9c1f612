// Labels of the nodes of a task: the first page says which there are; all pages are read once somebody groups by one.
import { useQuery } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import { listNodes } from '@/api/nodes'

const pageLimit = 1000
const samplePage = 100

async function labelOfAll(selector: string, key: string): Promise<ReadonlyMap<string, string>> {
  const values = new Map<string, string>()
  for (let offset = 0; ; offset += pageLimit) {
    const page = await listNodes(selector, pageLimit, offset)
    for (const node of page.nodes) values.set(node.name, node.labels[key] ?? '')
    if (page.nodes.length === 0 || offset + page.nodes.length >= page.total) return values
  }
}

export function useNodeLabels(selector: Ref<string>, by: Ref<string>) {
  const sample = useQuery({
    queryKey: ['nodes', 'labels', selector],
    queryFn: () => listNodes(selector.value, samplePage),
    staleTime: 60_000,
  })
  const values = useQuery({
    queryKey: ['nodes', 'label', selector, by],
    queryFn: () => labelOfAll(selector.value, by.value),
    enabled: computed(() => by.value !== ''),
    staleTime: 60_000,
  })
  const keys = computed(() => [...new Set((sample.data.value?.nodes ?? []).flatMap((node) => Object.keys(node.labels)))].sort())
  return { keys, values: computed(() => (by.value === '' ? undefined : values.data.value)) }
}
