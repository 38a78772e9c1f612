// One call on one thing, with a word when it is done or refused, and lists that ask again after it.
import { useQueryClient } from '@tanstack/vue-query'
import { shallowRef } from 'vue'
import { useToasts } from './useToasts'

export interface Words {
  done: string
  failed: string
  // Which thing it was, for example its name.
  subject: string
}

export function useAction(...refreshed: readonly string[]) {
  const { done, failed } = useToasts()
  const queries = useQueryClient()
  // The subject that is being worked on.
  const busy = shallowRef<string>()

  // True when it was done.
  async function act(words: Words, call: () => Promise<unknown>): Promise<boolean> {
    if (busy.value !== undefined) return false
    busy.value = words.subject
    try {
      await call()
      done(words.done, words.subject)
      return true
    } catch (cause) {
      failed(words.failed, cause)
      return false
    } finally {
      busy.value = undefined
      for (const key of refreshed) void queries.invalidateQueries({ queryKey: [key] })
    }
  }

  return { act, busy }
}
