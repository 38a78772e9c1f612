// One policy with its coverage, kept true by the stream; which cells are looked at is in the address.
import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import { cellStates, getCoverage } from '@/api/policies'
import { useRenewed } from './useRenewed'
import { choice, text, useUrlView, whole } from './useUrlView'

export const cellLimit = 50
const calmMs = 1000

export function useCellView() {
  const { view, change } = useUrlView({ state: choice(['all', ...cellStates], 'all'), image: text(), node: text(), offset: whole() })
  return {
    view,
    state: computed({ get: () => view.value.state, set: (state) => change({ state, offset: 0 }) }),
    image: computed({ get: () => view.value.image, set: (image) => change({ image, offset: 0 }) }),
    node: computed({ get: () => view.value.node, set: (node) => change({ node, offset: 0 }, 'keep') }),
    offset: computed({ get: () => view.value.offset, set: (offset) => change({ offset }) }),
  }
}

export function usePolicyView(id: Ref<string>) {
  const cells = useCellView()
  const query = useQuery({
    queryKey: ['policy-coverage', id, cells.view],
    queryFn: () => {
      const { state, image, node, offset } = cells.view.value
      return getCoverage(id.value, {
        limit: cellLimit,
        offset,
        node: node.trim() || undefined,
        image: image || undefined,
        state: state === 'all' ? undefined : state,
      })
    },
    placeholderData: keepPreviousData,
  })
  useRenewed(query, ['policies'], calmMs)
  return { cells, query, coverage: computed(() => query.data.value), policy: computed(() => query.data.value?.policy) }
}
