// The form of a new task or schedule: what was typed (kept while the tab lives), the request, and the coordinator's answer.
import { useQueryClient } from '@tanstack/vue-query'
import { computed, reactive, watch } from 'vue'
import { client, body } from '@/api/http'
import { createTask, getTask } from '@/api/tasks'
import { blankForm, formOf, inputOf, requestOf, type TaskForm } from '@/lib/taskForm'
import { useSubmit } from './useSubmit'
import { browserZone } from './useZone'

const draftKey = 'ips.draft.task'
const keepMs = 400

// When it runs: now, or by a timetable.
export interface Timetable {
  on: boolean
  name: string
  cronExpr: string
  timeZone: string
}

interface Draft {
  form: TaskForm
  timetable: Timetable
}

function blank(): Draft {
  return { form: blankForm(), timetable: { on: false, name: '', cronExpr: '0 2 * * *', timeZone: browserZone } }
}

function readDraft(): Draft {
  const draft = blank()
  try {
    const kept = JSON.parse(sessionStorage.getItem(draftKey) ?? '{}') as Partial<Draft>
    Object.assign(draft.form, kept.form)
    Object.assign(draft.timetable, kept.timetable)
  } catch {
    // Nothing was kept, or storage is switched off.
  }
  return draft
}

function keepDraft(draft: Draft | undefined): void {
  try {
    if (draft) sessionStorage.setItem(draftKey, JSON.stringify(draft))
    else sessionStorage.removeItem(draftKey)
  } catch {
    // See above.
  }
}

const fields = [...Object.keys(blankForm()), ...Object.keys(inputOf), 'name', 'cronExpr', 'timeZone']

export function useTaskForm() {
  const queries = useQueryClient()
  const draft = reactive(readDraft())
  const request = computed(() => requestOf(draft.form))
  const schedule = computed(() => {
    const { name, cronExpr, timeZone } = draft.timetable
    return { name, cronExpr, timeZone, taskConfig: request.value }
  })

  let timer: ReturnType<typeof setTimeout> | undefined
  watch(draft, (now) => {
    clearTimeout(timer)
    timer = setTimeout(() => keepDraft(now), keepMs)
  })

  function clear(): void {
    clearTimeout(timer)
    Object.assign(draft.form, blankForm())
    Object.assign(draft.timetable, blank().timetable)
    // After the watcher has seen it.
    setTimeout(() => {
      clearTimeout(timer)
      keepDraft(undefined)
    })
  }

  // Answers where what was made can be seen.
  const submit = useSubmit(async () => {
    if (!draft.timetable.on) {
      const task = await createTask(request.value)
      void queries.invalidateQueries({ queryKey: ['tasks'] })
      return { name: 'task', id: task.taskId }
    }
    const made = await body(client.POST('/api/v1/scheduled-tasks', { body: schedule.value }))
    void queries.invalidateQueries({ queryKey: ['schedules'] })
    return { name: 'schedule', id: made.id }
  }, fields)

  const errorAt = (name: string) => {
    const others = Object.keys(inputOf).filter((field) => inputOf[field] === name)
    return [name, ...others].map(submit.errorAt).find((said) => said !== undefined)
  }

  return {
    form: draft.form,
    timetable: draft.timetable,
    request,
    schedule,
    submit,
    errorAt,
    clear,
    // Takes over what another task is like.
    async copy(id: string): Promise<void> {
      Object.assign(draft.form, formOf(await getTask(id)))
    },
  }
}
