// All tasks that a view finds, as a file: read page by page, so that nothing asks for a whole list at once.
import { shallowRef } from 'vue'
import { listTasks, type TaskQuery } from '@/api/tasks'
import type { Task } from '@/api/types'
import { useI18n } from '@/i18n'
import { download } from '@/lib/download'
import { tasksCsv } from '@/lib/table'
import { useToasts } from './useToasts'

const pageLimit = 100
// A file for people; for more there are `ips task ls` and the API.
export const mostTasks = 10_000

// Pages in order, until `most` or the end.
export async function allTasks(which: Omit<TaskQuery, 'limit' | 'offset'>, most: number): Promise<Task[]> {
  const tasks: Task[] = []
  for (;;) {
    const page = await listTasks({ ...which, limit: pageLimit, offset: tasks.length })
    tasks.push(...page.tasks)
    if (page.tasks.length === 0 || tasks.length >= Math.min(page.total, most)) return tasks.slice(0, most)
  }
}

export function useTaskExport() {
  const { t } = useI18n()
  const { done, failed } = useToasts()
  const busy = shallowRef(false)

  async function save(format: 'csv' | 'json', which: Omit<TaskQuery, 'limit' | 'offset'>): Promise<void> {
    if (busy.value) return
    busy.value = true
    try {
      const tasks = await allTasks(which, mostTasks)
      if (format === 'csv') download('tasks.csv', 'text/csv;charset=utf-8', tasksCsv(tasks))
      else download('tasks.json', 'application/json', `${JSON.stringify(tasks, null, 2)}\n`)
      done(t('tasks.exported', tasks.length))
    } catch (cause) {
      failed(t('tasks.exportFailed'), cause)
    } finally {
      busy.value = false
    }
  }
  return { busy, save }
}
