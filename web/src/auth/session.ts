// Who is logged in in this tab. The access token lives in memory only; what it is refreshed with lives in sessionStorage, so that a reload
// does not log out and a closed tab does. Tabs that were duplicated have the same token and tell each other when it is spent.
import { computed, shallowRef } from 'vue'
import { fromAnswer, fromThrown } from '@/api/errors'
import type { LoggedIn, User } from '@/api/types'

// unknown: nobody has asked yet. open: the coordinator asks nobody who it is. out: it does, and nobody is logged in.
export type SessionState = 'unknown' | 'open' | 'out' | 'in'

const storageKey = 'ips.refresh'
// A token that ends sooner is refreshed before it is used.
const soonMs = 30_000

const state = shallowRef<SessionState>('unknown')
const user = shallowRef<User>()
let token = ''
let endsAt = 0
let refreshing: Promise<boolean> | undefined
let began: Promise<void> | undefined

const others = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('ips.session')
others?.addEventListener('message', ({ data }: MessageEvent<{ spent: string; next: LoggedIn | null }>) => {
  if (data.spent !== kept()) return
  if (data.next) take(data.next)
  else forget()
})

function kept(): string {
  try {
    return sessionStorage.getItem(storageKey) ?? ''
  } catch {
    // Storage is switched off: a reload asks for the password again.
    return ''
  }
}

function keep(refreshToken: string): void {
  try {
    if (refreshToken) sessionStorage.setItem(storageKey, refreshToken)
    else sessionStorage.removeItem(storageKey)
  } catch {
    // See above.
  }
}

function take(answer: LoggedIn): void {
  token = answer.token
  endsAt = Date.now() + answer.expiresIn * 1000
  user.value = answer.user
  keep(answer.refreshToken)
  state.value = 'in'
}

function forget(): void {
  token = ''
  endsAt = 0
  user.value = undefined
  keep('')
  state.value = 'out'
}

async function call(path: string, method: string, body?: unknown, bearer = ''): Promise<Response> {
  const headers: Record<string, string> = {}
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (bearer) headers.authorization = `Bearer ${bearer}`
  try {
    return await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: 'no-store' })
  } catch (cause) {
    throw fromThrown(cause)
  }
}

async function answered<T>(response: Response): Promise<T> {
  const body: unknown = await response.json().catch(() => undefined)
  if (!response.ok) throw fromAnswer(response, body)
  return body as T
}

async function refresh(): Promise<boolean> {
  const spent = kept()
  if (!spent) {
    forget()
    return false
  }
  const response = await call('/api/v1/refresh', 'POST', { refreshToken: spent })
  if (response.status === 401) {
    // Another tab may have been quicker.
    if (kept() !== spent) return true
    forget()
    others?.postMessage({ spent, next: null })
    return false
  }
  const next = await answered<LoggedIn>(response)
  take(next)
  others?.postMessage({ spent, next })
  return true
}

// One at a time: a token that is spent twice ends the log-in.
function refreshOnce(): Promise<boolean> {
  refreshing ??= refresh().finally(() => (refreshing = undefined))
  return refreshing
}

async function begin(): Promise<void> {
  if (kept()) {
    await refreshOnce()
    return
  }
  const response = await call('/api/v1/me', 'GET')
  // Without a token the coordinator knows nobody: it refuses, or it does not ask anybody.
  state.value = response.status === 401 ? 'out' : 'open'
}

// Resolves once it is known whether anybody must log in.
export function ready(): Promise<void> {
  began ??= begin().catch(() => {
    // No answer: the pages say so themselves, and the next one asks again.
    began = undefined
  })
  return began
}

export async function logIn(username: string, password: string): Promise<User> {
  const answer = await answered<LoggedIn>(await call('/api/v1/login', 'POST', { username, password }))
  take(answer)
  return answer.user
}

export async function changePassword(currentPassword: string, password: string): Promise<void> {
  const id = user.value?.id ?? 0
  const answer = await answered<{ user: User }>(await call(`/api/v1/users/${id}`, 'PUT', { currentPassword, password }, token))
  user.value = answer.user
}

export async function logOut(): Promise<void> {
  const [spent, bearer] = [kept(), token]
  forget()
  others?.postMessage({ spent, next: null })
  // Whatever it answers, this browser has forgotten everything.
  await call('/api/v1/logout', 'POST', undefined, bearer).catch(() => undefined)
}

// fetch as whoever is logged in. A token that has ended is refreshed once; if that fails, the person is out.
export async function authorized(send: (headers: Record<string, string>) => Promise<Response>): Promise<Response> {
  if (state.value === 'in' && endsAt - Date.now() < soonMs) await refreshOnce()
  const bearer = token
  const response = await send(bearer ? { authorization: `Bearer ${bearer}` } : {})
  if (response.status === 403 && user.value) await noteForcedChange(response.clone())
  if (response.status !== 401) return response
  if (token === bearer && !(await refreshOnce())) return response
  return send(token ? { authorization: `Bearer ${token}` } : {})
}

// Somebody reset the password while the person was logged in.
async function noteForcedChange(response: Response): Promise<void> {
  const body = (await response.json().catch(() => undefined)) as { code?: string } | undefined
  if (body?.code === 'password_change_required' && user.value) user.value = { ...user.value, mustChangePassword: true }
}

export function useSession() {
  return {
    state,
    user,
    // Whether a page may be shown.
    admitted: computed(() => state.value === 'open' || (state.value === 'in' && user.value?.mustChangePassword !== true)),
  }
}
