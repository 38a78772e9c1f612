// Channels and what one does with them, with its words.
import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { shallowRef } from 'vue'
import { deleteChannel, listChannels, testChannel, updateChannel, type Channel } from '@/api/channels'
import { useI18n } from '@/i18n'
import { useAction } from './useAction'
import { useToasts } from './useToasts'

// All of them are shown: who has more than this has another problem.
const most = 200

export function useChannels() {
  const { t } = useI18n()
  const { done, failed } = useToasts()
  const query = useQuery({ queryKey: ['channels'], queryFn: () => listChannels(most, 0), placeholderData: keepPreviousData })
  const { act, busy } = useAction('channels', 'deliveries')
  const doomed = shallowRef<Channel>()

  function toggle({ id, name, enabled }: Channel): Promise<boolean> {
    const words = { done: t(enabled ? 'notifications.switchedOff' : 'notifications.switchedOn'), failed: t('notifications.switchFailed'), subject: name }
    return act(words, () => updateChannel(id, { enabled: !enabled }))
  }

  async function remove(): Promise<void> {
    const channel = doomed.value
    if (!channel) return
    const words = { done: t('notifications.deleted'), failed: t('notifications.deleteFailed'), subject: channel.name }
    await act(words, () => deleteChannel(channel.id))
    doomed.value = undefined
  }

  // The call succeeds also where the message was not taken: the answer says which.
  const testing = shallowRef<number>()
  async function test({ id, name }: Channel): Promise<void> {
    if (testing.value !== undefined) return
    testing.value = id
    try {
      const delivery = await testChannel(id)
      if (delivery.status === 'delivered') done(t('notifications.testDone'), name)
      else failed(t('notifications.testNotTaken'), new Error(delivery.message ?? name))
    } catch (cause) {
      failed(t('notifications.testNotTaken'), cause)
    } finally {
      testing.value = undefined
    }
  }

  return { query, busy, doomed, toggle, remove, testing, test }
}
