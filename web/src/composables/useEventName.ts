// Events of notifications in words; one that this console does not know yet is shown as it is.
import { useI18n, type MessageKey } from '@/i18n'

const names: Readonly<Record<string, MessageKey>> = {
  'task.completed': 'notifications.event.completed',
  'task.failed': 'notifications.event.failed',
  'task.cancelled': 'notifications.event.cancelled',
  'task.aborted': 'notifications.event.aborted',
  'schedule.skipped': 'notifications.event.skipped',
  'schedule.failed': 'notifications.event.scheduleFailed',
  'node.lost': 'notifications.event.lost',
  'policy.tag_moved': 'notifications.event.tagMoved',
  'policy.image_paused': 'notifications.event.imagePaused',
  test: 'notifications.event.test',
}

export function useEventName(): (event: string) => string {
  const { t } = useI18n()
  return (event) => {
    const key = names[event]
    return key ? t(key) : event
  }
}
