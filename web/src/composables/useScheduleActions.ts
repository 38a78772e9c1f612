// Run, switch and delete a schedule, with their words. Delete asks first, in ScheduleDeleteDialog.
import { shallowRef } from 'vue'
import { deleteSchedule, enableSchedule, triggerSchedule, type Schedule } from '@/api/schedules'
import { useI18n } from '@/i18n'
import { useAction } from './useAction'

type Named = Pick<Schedule, 'id' | 'name'>

export function useScheduleActions() {
  const { t } = useI18n()
  const { act, busy } = useAction('schedules', 'schedule', 'executions')
  const doomed = shallowRef<Named>()

  // Answers the task that was started.
  async function run({ id, name }: Named): Promise<string | undefined> {
    let task: string | undefined
    await act({ done: t('schedules.runDone'), failed: t('schedules.runFailed'), subject: name }, async () => {
      task = await triggerSchedule(id)
    })
    return task
  }

  function toggle({ id, name, enabled }: Schedule): Promise<boolean> {
    const words = { done: t(enabled ? 'schedules.disabled' : 'schedules.enabled'), failed: t('schedules.switchFailed'), subject: name }
    return act(words, () => enableSchedule(id, !enabled))
  }

  async function remove(): Promise<boolean> {
    const schedule = doomed.value
    if (!schedule) return false
    const words = { done: t('schedules.deleted'), failed: t('schedules.deleteFailed'), subject: schedule.name }
    const gone = await act(words, () => deleteSchedule(schedule.id))
    doomed.value = undefined
    return gone
  }

  return { busy, doomed, run, toggle, remove }
}
