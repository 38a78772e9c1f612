// The newest policies with what is warm of each, for the overview.
import { useQuery } from '@tanstack/vue-query'
import { listPolicies } from '@/api/policies'
import { useRenewed } from './useRenewed'

const most = 100
const calmMs = 2000

export function useNewestPolicies() {
  const query = useQuery({ queryKey: ['policies', 'newest'], queryFn: () => listPolicies(most, 0) })
  useRenewed(query, ['policies'], calmMs)
  return query
}
