// The form of a new task: what was typed, the request it stands for, and the coordinator's answer. It checks nothing itself.
import { useQueryClient } from '@tanstack/vue-query'
import { computed, reactive, shallowRef } from 'vue'
import { createTask } from '@/api/tasks'
import { fromThrown, type ApiError } from '@/api/errors'
import type { CreateTask, Task } from '@/api/types'
import { referencesOf } from '@/lib/imageReference'
import { selectorObject, type Label } from '@/lib/selector'

const fields = ['images', 'nodeSelector', 'priority', 'batchSize', 'maxRetries'] as const
export type FieldName = (typeof fields)[number]

// An emptied number input is ''.
type NumberInput = number | ''

function blank() {
  return {
    images: '',
    labels: [] as Label[],
    priority: 5 as NumberInput,
    batchSize: '' as NumberInput,
    maxRetries: 0 as NumberInput,
  }
}

export function useCreateForm() {
  const queries = useQueryClient()
  const form = reactive(blank())
  const busy = shallowRef(false)
  const error = shallowRef<ApiError>()

  const request = computed((): CreateTask => ({
    images: referencesOf(form.images),
    nodeSelector: selectorObject(form.labels),
    priority: form.priority === '' ? undefined : form.priority,
    batchSize: form.batchSize === '' ? undefined : form.batchSize,
    maxRetries: form.maxRetries === '' ? undefined : form.maxRetries,
  }))

  // "images[2]" and "nodeSelector.pool" belong to the input of their first word.
  const badField = computed(() => fields.find((name) => name === error.value?.field?.split(/[.[]/)[0]))
  const errorAt = (name: FieldName) =>
    badField.value === name ? (error.value?.details ?? error.value?.message) : undefined

  async function submit(): Promise<Task | undefined> {
    if (busy.value) return undefined
    busy.value = true
    error.value = undefined
    try {
      const task = await createTask(request.value)
      Object.assign(form, blank())
      void queries.invalidateQueries({ queryKey: ['tasks'] })
      return task
    } catch (cause) {
      error.value = fromThrown(cause)
      return undefined
    } finally {
      busy.value = false
    }
  }

  return { form, request, busy, error, badField, errorAt, submit }
}
