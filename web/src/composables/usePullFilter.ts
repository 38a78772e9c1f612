// Which pulls of a task are looked at: state, node, image and group, all in the address.
import { computed } from 'vue'
import { pullStates, type Pull } from '@/api/types'
import { choice, text, useUrlView } from './useUrlView'

export const everyPullState = ['all', ...pullStates] as const

export interface PullFilter {
  state: (typeof everyPullState)[number]
  node: string
  image: string
  // Value of the label that the grid is grouped by.
  group: string
}

// `node` is a part of its name.
export function fits(pull: Pull, filter: PullFilter, groupOf: (node: string) => string | undefined): boolean {
  if (filter.state !== 'all' && pull.state !== filter.state) return false
  if (filter.node !== '' && !pull.nodeName.includes(filter.node)) return false
  if (filter.image !== '' && pull.image !== filter.image) return false
  return filter.group === '' || groupOf(pull.nodeName) === filter.group
}

export function usePullFilter() {
  const { view, change } = useUrlView({
    state: choice(everyPullState, 'all'),
    node: text(),
    image: text(),
    group: text(),
    by: text(),
    show: choice(['grid', 'table'], 'grid'),
  })
  return {
    view,
    change,
    filter: computed((): PullFilter => view.value),
    isFiltered: computed(() => view.value.state !== 'all' || view.value.node !== '' || view.value.image !== '' || view.value.group !== ''),
    clear: () => change({ state: 'all', node: '', image: '', group: '' }),
  }
}

export type PullFilterUse = ReturnType<typeof usePullFilter>
