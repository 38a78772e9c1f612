// By which labels the nodes of a task can be grouped, and, once somebody groups by one, which node has which value.
import { computed, type Ref } from 'vue'
import { useGroupingKeys, useNodeGroups } from './useNodeGroups'

const mostGroups = 1000

export function useNodeLabels(selector: Ref<string>, by: Ref<string>) {
  const keys = useGroupingKeys(() => ({ selector: selector.value }))
  const groups = useNodeGroups(() => (by.value === '' ? undefined : { by: `label:${by.value}`, selector: selector.value, names: true, limit: mostGroups }))
  const values = computed(() => {
    if (by.value === '' || groups.data.value?.by !== `label:${by.value}`) return undefined
    return new Map(groups.data.value.groups.flatMap(({ value, names }) => (names ?? []).map((name) => [name, value ?? ''] as const)))
  })
  return { keys, values }
}
