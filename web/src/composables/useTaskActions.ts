// Cancel and remove, with their words. Both ask first, in ConfirmDialog.
import { useQueryClient } from '@tanstack/vue-query'
import { computed, shallowRef } from 'vue'
import { useI18n } from '@/i18n'
import { cancelTask, removeTask } from '@/api/tasks'
import { useToasts } from './useToasts'

export type TaskAction = 'cancel' | 'remove'

export function useTaskActions(onRemoved: () => void = () => undefined) {
  const { t } = useI18n()
  const { done, failed } = useToasts()
  const queries = useQueryClient()
  const asked = shallowRef<{ action: TaskAction; id: string }>()
  const busy = shallowRef(false)

  const isCancel = computed(() => asked.value?.action !== 'remove')
  const words = computed(() => ({
    title: t(isCancel.value ? 'tasks.cancelTitle' : 'tasks.removeTitle'),
    text: t(isCancel.value ? 'tasks.cancelText' : 'tasks.removeText'),
    confirm: t(isCancel.value ? 'tasks.cancel' : 'tasks.remove'),
    keep: t(isCancel.value ? 'tasks.cancelKeep' : 'tasks.removeKeep'),
    icon: isCancel.value ? ('stop' as const) : ('trash' as const),
  }))

  async function run(): Promise<void> {
    const order = asked.value
    if (!order || busy.value) return
    busy.value = true
    const cancel = order.action === 'cancel'
    try {
      if (cancel) await cancelTask(order.id)
      else await removeTask(order.id)
      done(t(cancel ? 'tasks.cancelled' : 'tasks.removed'), order.id)
      if (!cancel) onRemoved()
    } catch (cause) {
      failed(t(cancel ? 'tasks.cancelFailed' : 'tasks.removeFailed'), cause)
    } finally {
      busy.value = false
      asked.value = undefined
      void queries.invalidateQueries({ queryKey: ['tasks'] })
    }
  }

  return {
    asked,
    busy,
    words,
    run,
    ask: (action: TaskAction, id: string) => (asked.value = { action, id }),
    dismiss: () => (asked.value = undefined),
  }
}
