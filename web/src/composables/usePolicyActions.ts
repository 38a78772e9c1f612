// Pause, resume and delete a policy, with their words. Pause and delete ask first, in PolicyDialogs.
import { shallowRef } from 'vue'
import { deletePolicy, pausePolicy, resumePolicy, type Policy } from '@/api/policies'
import { useI18n } from '@/i18n'
import { useAction } from './useAction'

type Named = Pick<Policy, 'id' | 'name'>

export function usePolicyActions() {
  const { t } = useI18n()
  const { act, busy } = useAction('policies', 'policy', 'policy-coverage')
  const doomed = shallowRef<Named>()
  const pausing = shallowRef<Named>()

  async function pause(reason: string): Promise<void> {
    const policy = pausing.value
    if (!policy) return
    const words = { done: t('policies.pauseDone'), failed: t('policies.pauseFailed'), subject: policy.name }
    if (await act(words, () => pausePolicy(policy.id, reason))) pausing.value = undefined
  }

  function resume({ id, name }: Named): Promise<boolean> {
    return act({ done: t('policies.resumeDone'), failed: t('policies.resumeFailed'), subject: name }, () => resumePolicy(id))
  }

  async function remove(): Promise<boolean> {
    const policy = doomed.value
    if (!policy) return false
    const words = { done: t('policies.deleted'), failed: t('policies.deleteFailed'), subject: policy.name }
    const gone = await act(words, () => deletePolicy(policy.id))
    doomed.value = undefined
    return gone
  }

  return { busy, doomed, pausing, pause, resume, remove }
}
