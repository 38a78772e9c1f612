// A request that a person sends: once at a time, and its refusal at the field that the coordinator names.
import { computed, shallowRef } from 'vue'
import { fromThrown, type ApiError } from '@/api/errors'

// "images[2]" and "nodeSelector.pool" belong to the input of their first word; "taskConfig.images[0]" to that of its second.
function inputOf(field: string | undefined): string[] {
  return field?.split(/[.[]/).filter((word) => word !== '') ?? []
}

export function useSubmit<A extends unknown[], T>(send: (...args: A) => Promise<T>, fields: readonly string[] = []) {
  const busy = shallowRef(false)
  const error = shallowRef<ApiError>()
  const badField = computed(() => {
    const words = inputOf(error.value?.field)
    return fields.find((name) => name === words[0]) ?? fields.find((name) => name === words[1])
  })
  const words = computed(() => error.value?.details ?? error.value?.message)

  return {
    busy,
    error,
    // What the coordinator says about this input.
    errorAt: (name: string) => (badField.value === name ? words.value : undefined),
    // The refusal that no input of the form can show.
    rest: computed(() => (badField.value === undefined ? error.value : undefined)),
    // Undefined when it was refused, or one is still on its way.
    async run(...args: A): Promise<T | undefined> {
      if (busy.value) return undefined
      busy.value = true
      error.value = undefined
      try {
        return await send(...args)
      } catch (cause) {
        error.value = fromThrown(cause)
        return undefined
      } finally {
        busy.value = false
      }
    },
    reset: () => (error.value = undefined),
  }
}
