// Limits of the cluster and how the registries bear what is asked of them. The stream has no topic of them: they are asked for again when
// tasks change, because it is tasks that use them up.
import { useQuery } from '@tanstack/vue-query'
import { getLimits } from '@/api/system'
import { useTaskNudge } from './useNudge'

export function useLimits() {
  const query = useQuery({ queryKey: ['limits'], queryFn: getLimits })
  useTaskNudge(() => query.refetch())
  return query
}
