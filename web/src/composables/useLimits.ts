// Limits of the cluster and how the registries bear what is asked of them. They are asked for again when somebody
// sets them, and when tasks change, because it is tasks that use them up.
import { useQuery } from '@tanstack/vue-query'
import { getLimits } from '@/api/system'
import { useChanges } from '@/live/live'
import { useRenew, useRenewedByTasks } from './useRenewed'

export function useLimits() {
  const query = useQuery({ queryKey: ['limits'], queryFn: getLimits })
  useRenewedByTasks(query)
  useChanges(['limits'], useRenew(query))
  return query
}
