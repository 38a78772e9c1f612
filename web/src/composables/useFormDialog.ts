// The dialog in which one thing of a list is made or changed: open while one is added or edited.
import { computed, shallowRef } from 'vue'

export function useFormDialog<T>() {
  const adding = shallowRef(false)
  const edited = shallowRef<T>()
  const formOpen = computed({
    get: () => adding.value || edited.value !== undefined,
    set: (now) => {
      if (!now) closeForm()
    },
  })

  function closeForm(): void {
    adding.value = false
    edited.value = undefined
  }

  return { adding, edited, formOpen, closeForm }
}
