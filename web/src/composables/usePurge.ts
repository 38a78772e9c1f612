// Removes one image from one node: first the agent is asked what would become of it, then it is told to do it.
import { useQuery } from '@tanstack/vue-query'
import { computed, shallowRef, type Ref } from 'vue'
import { ApiError, fromThrown } from '@/api/errors'
import { purge, type RemovalResult } from '@/api/purges'
import { useI18n } from '@/i18n'
import { useRefresh } from './useRefresh'
import { useToasts } from './useToasts'

export function usePurge(node: Ref<string>) {
  const { t } = useI18n()
  const { done, failed } = useToasts()
  const refresh = useRefresh('node')
  const doomed = shallowRef<string>()
  const busy = shallowRef(false)
  const trial = useQuery({
    queryKey: ['purge', node, doomed],
    queryFn: () => purge(doomed.value ?? '', node.value, true),
    enabled: () => doomed.value !== undefined,
    retry: false,
    gcTime: 0,
    refetchOnWindowFocus: false,
  })
  const result = computed(() => trial.data.value?.results[0])
  const word = (name: RemovalResult) => t(`node.purge.result.${name}`)
  const words = computed(() => {
    if (trial.isError.value) {
      const error = fromThrown(trial.error.value)
      return error.details ?? error.message
    }
    if (!result.value || trial.isFetching.value) return t('node.purge.asking')
    return [word(result.value.result), result.value.message].filter(Boolean).join(' ')
  })
  // Why it can't be removed now.
  const blocked = computed(() => (result.value?.result === 'would_remove' && !trial.isFetching.value ? undefined : words.value))

  async function remove(): Promise<void> {
    const image = doomed.value
    if (image === undefined || busy.value) return
    busy.value = true
    try {
      const [first] = (await purge(image, node.value, false)).results
      if (first?.result === 'removed') done(t('node.purge.done'), image)
      else if (first) failed(t('node.purge.failed'), new ApiError(0, first.result, [word(first.result), first.message].filter(Boolean).join(' ')))
      doomed.value = undefined
    } catch (cause) {
      failed(t('node.purge.failed'), cause)
    } finally {
      busy.value = false
      refresh()
    }
  }

  return { doomed, busy, words, blocked, remove }
}
