// Events of notifications in words.
import { useKnownWord, type KnownWords } from './useKnownWord'

const names: KnownWords = {
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

export const useEventName = () => useKnownWord(names)
