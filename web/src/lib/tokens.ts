// States of API tokens. Pure.
import type { ApiToken } from '@/api/people'

export type TokenState = 'active' | 'expired' | 'revoked'

export function tokenState(token: ApiToken, now: number): TokenState {
  if (token.revoked) return 'revoked'
  return token.expiresAt !== undefined && Date.parse(token.expiresAt) <= now ? 'expired' : 'active'
}
