// A choice of this browser, kept in localStorage where that is allowed.
import { ref, watch, type Ref } from 'vue'

// `allowed` lists the choices, or says whether a text is one.
export function usePreference<T extends string>(
  name: string,
  allowed: readonly T[] | ((stored: string) => boolean),
  initial: T,
): Ref<T> {
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

function read<T extends string>(key: string, allowed: readonly T[] | ((stored: string) => boolean)): T | undefined {
  try {
    const stored = localStorage.getItem(key)
    if (stored === null) return undefined
    const isAllowed = typeof allowed === 'function' ? allowed(stored) : allowed.some((choice) => choice === stored)
    return isAllowed ? (stored as T) : undefined
  } catch {
    return undefined
  }
}
