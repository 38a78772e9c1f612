// What can be done to a task in one click. What can't be taken back asks first (TaskActionDialog); the rest happens and says so.
import { useQueryClient } from '@tanstack/vue-query'
import { computed, shallowRef } from 'vue'
import { useRouter } from 'vue-router'
import { cancelTask, pauseTask, removeTask, resumeTask, retryTask } from '@/api/tasks'
import { hasEnded, type Task } from '@/api/types'
import type { Operation } from '@/auth/can'
import type { IconName } from '@/components/ui/AppIcon.vue'
import { useI18n } from '@/i18n'
import { useToasts } from './useToasts'

export type TaskAction = 'pause' | 'resume' | 'retry' | 'clone' | 'cancel' | 'remove'

export const actionLooks = {
  pause: { icon: 'pause', needs: 'pause_task' },
  resume: { icon: 'play', needs: 'resume_task' },
  retry: { icon: 'redo', needs: 'retry_task' },
  clone: { icon: 'clone', needs: 'clone_task' },
  cancel: { icon: 'stop', needs: 'cancel_task' },
  remove: { icon: 'trash', needs: 'delete_task' },
} as const satisfies Record<TaskAction, { icon: IconName; needs: Operation }>

// What makes sense for a task as it is.
export function actionsFor(task: Task): TaskAction[] {
  const ended = hasEnded(task.status)
  const canRetry = task.progress.failedPulls > 0 && task.status !== 'cancelled'
  return [
    ...(ended ? [] : [task.status === 'paused' ? ('resume' as const) : ('pause' as const)]),
    ...(canRetry ? ['retry' as const] : []),
    'clone',
    ended ? 'remove' : 'cancel',
  ]
}

const calls = {
  pause: pauseTask,
  resume: resumeTask,
  retry: retryTask,
  cancel: cancelTask,
  remove: removeTask,
} as const satisfies Record<Exclude<TaskAction, 'clone'>, (id: string) => Promise<unknown>>

export function useTaskActions(onRemoved: () => void = () => undefined) {
  const { t } = useI18n()
  const { done, failed } = useToasts()
  const queries = useQueryClient()
  const router = useRouter()
  const asked = shallowRef<{ action: 'cancel' | 'remove'; task: Task }>()
  const busy = shallowRef(false)

  const words = computed(() => {
    const cancel = asked.value?.action !== 'remove'
    return {
      title: t(cancel ? 'tasks.cancelTitle' : 'tasks.removeTitle'),
      text: t(cancel ? 'tasks.cancelText' : 'tasks.removeText'),
      confirm: t(cancel ? 'tasks.action.cancel' : 'tasks.action.remove'),
      keep: t(cancel ? 'tasks.cancelKeep' : 'tasks.removeKeep'),
      icon: actionLooks[cancel ? 'cancel' : 'remove'].icon,
    }
  })

  async function act(action: Exclude<TaskAction, 'clone'>, id: string): Promise<void> {
    if (busy.value) return
    busy.value = true
    try {
      await calls[action](id)
      done(t(`tasks.done.${action}`), id)
      if (action === 'remove') onRemoved()
    } catch (cause) {
      failed(t(`tasks.failed.${action}`), cause)
    } finally {
      busy.value = false
      asked.value = undefined
      void queries.invalidateQueries({ queryKey: ['tasks'] })
      void queries.invalidateQueries({ queryKey: ['task', id] })
      void queries.invalidateQueries({ queryKey: ['stats'] })
    }
  }

  return {
    asked,
    busy,
    words,
    start(action: TaskAction, task: Task): void {
      if (action === 'clone') void router.push({ name: 'new-task', query: { from: task.taskId } })
      else if (action === 'cancel' || action === 'remove') asked.value = { action, task }
      else void act(action, task.taskId)
    },
    confirm: () => (asked.value ? act(asked.value.action, asked.value.task.taskId) : undefined),
    dismiss: () => (asked.value = undefined),
  }
}
