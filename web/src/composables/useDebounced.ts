// A value that follows another one after it has been calm for a while: searches, counts while typing.
import { onScopeDispose, shallowRef, toValue, watch, type MaybeRefOrGetter, type ShallowRef } from 'vue'

export function useDebounced<T>(source: MaybeRefOrGetter<T>, calmMs = 250): Readonly<ShallowRef<T>> {
  const value = shallowRef(toValue(source))
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(
    () => toValue(source),
    (now) => {
      clearTimeout(timer)
      timer = setTimeout(() => (value.value = now), calmMs)
    },
  )
  onScopeDispose(() => clearTimeout(timer))
  return value
}
