// A choice of this browser, kept in localStorage where that is allowed.
import { ref, watch, type Ref } from 'vue'

export function usePreference<T extends string>(name: string, allowed: readonly T[], initial: T): Ref<T> {
  const key = `ips.${name}`
  const value = ref(read(key, allowed) ?? initial) as Ref<T>
  watch(value, (now) => {
    try {
      localStorage.setItem(key, now)
    } catch {
      // Storage is switched off: the choice holds until the page is closed.
    }
  })
  return value
}

function read<T extends string>(key: string, allowed: readonly T[]): T | undefined {
  try {
    const stored = localStorage.getItem(key)
    return allowed.find((choice) => choice === stored)
  } catch {
    return undefined
  }
}
