// Has lists asked for again, by the first word of their keys.
import { useQueryClient } from '@tanstack/vue-query'

export function useRefresh(...keys: readonly string[]): () => void {
  const queries = useQueryClient()
  return () => {
    for (const key of keys) void queries.invalidateQueries({ queryKey: [key] })
  }
}
