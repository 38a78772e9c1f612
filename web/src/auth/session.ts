// Who is logged in. Both tokens live in sessionStorage, so that a reload does not log out and closing the last tab does. A page that is
// loaded goes on with the access token while it lives: one that is reloaded in the middle of a refresh would have spent its refresh token
// without having got the next one. A new tab asks the others for their log-in; tabs with the same one tell each other when it is spent.
import { computed, shallowRef } from 'vue'
import { fetchInTime } from '@/api/deadline'
import { fromAnswer, fromThrown } from '@/api/errors'
import type { LoggedIn, User } from '@/api/types'

// unknown: nobody has asked yet. open: the coordinator asks nobody who it is. out: it does, and nobody is logged in.
export type SessionState = 'unknown' | 'open' | 'out' | 'in'

const keys = { refresh: 'ips.refresh', access: 'ips.access' }
// A token that ends sooner is refreshed before it is used.
const soonMs = 30_000

const state = shallowRef<SessionState>('unknown')
const user = shallowRef<User>()
// The log-in ended by itself while somebody was at work: what they typed must stay.
const expired = shallowRef(false)
let lastName = ''
let token = ''
let endsAt = 0
let refreshing: Promise<boolean> | undefined
let began: Promise<void> | undefined

type Message =
  | { kind: 'spent'; spent: string; next: LoggedIn | null }
  // Somebody logged out.
  | { kind: 'left'; spent: string }
  | { kind: 'ask' }
  | { kind: 'share'; login: Kept }

// What a log-in leaves in the tab.
interface Kept {
  refreshToken: string
  token: string
  endsAt: number
}

const others = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('ips.session')
// A tab that has just been opened waits so long for another one's log-in.
const askMs = 120
let onShare: (login: Kept) => void = () => undefined

others?.addEventListener('message', ({ data }: MessageEvent<Message>) => {
  if (data.kind === 'ask' && canShare && state.value === 'in' && kept()) tell({ kind: 'share', login: { refreshToken: kept(), token, endsAt } })
  if (data.kind === 'share') onShare(data.login)
  if (data.kind === 'left' && data.spent === kept()) forget()
  if (data.kind !== 'spent' || data.spent !== kept()) return
  if (data.next) take(data.next)
  else end()
})

function tell(message: Message): void {
  others?.postMessage(message)
}

function askOthers(): Promise<Kept | undefined> {
  if (!others || !canShare) return Promise.resolve(undefined)
  return new Promise((resolve) => {
    onShare = resolve
    setTimeout(() => resolve(undefined), askMs)
    tell({ kind: 'ask' })
  })
}

function kept(): string {
  return stored(keys.refresh)
}

function stored(key: string): string {
  try {
    return sessionStorage.getItem(key) ?? ''
  } catch {
    // Storage is switched off: a reload asks for the password again.
    return ''
  }
}

function keep(login: Kept): void {
  token = login.token
  endsAt = login.endsAt
  try {
    sessionStorage.setItem(keys.refresh, login.refreshToken)
    sessionStorage.setItem(keys.access, `${login.endsAt} ${login.token}`)
    if (!login.refreshToken) for (const key of Object.values(keys)) sessionStorage.removeItem(key)
  } catch {
    // See above.
  }
}

function take(answer: LoggedIn): void {
  keep({ refreshToken: answer.refreshToken, token: answer.token, endsAt: Date.now() + answer.expiresIn * 1000 })
  enter(answer.user)
}

function enter(who: User): void {
  user.value = who
  lastName = who.username
  expired.value = false
  state.value = 'in'
}

function forget(): void {
  user.value = undefined
  keep({ refreshToken: '', token: '', endsAt: 0 })
  state.value = 'out'
}

async function call(path: string, method: string, body?: unknown, bearer = ''): Promise<Response> {
  const headers: Record<string, string> = {}
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (bearer) headers.authorization = `Bearer ${bearer}`
  try {
    return await fetchInTime(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: 'no-store' })
  } catch (cause) {
    throw fromThrown(cause)
  }
}

async function answered<T>(response: Response): Promise<T> {
  const body: unknown = await response.json().catch(() => undefined)
  if (!response.ok) throw fromAnswer(response, body)
  return body as T
}

// Tabs share a log-in only where they can take turns: a token that two of them spend at once ends it.
const canShare = typeof navigator !== 'undefined' && 'locks' in navigator
// What one tab tells arrives in the others before the next one has its turn.
const tellMs = 60

async function refresh(): Promise<boolean> {
  const spent = kept()
  if (!canShare) return refreshNow(spent)
  return await navigator.locks.request('ips.refresh', async () => {
    await wait(0)
    // Another tab was quicker.
    if (kept() !== spent) return true
    const done = await refreshNow(spent)
    await wait(tellMs)
    return done
  })
}

async function refreshNow(spent: string): Promise<boolean> {
  if (!spent) {
    end()
    return false
  }
  const response = await call('/api/v1/refresh', 'POST', { refreshToken: spent })
  if (response.status === 401) {
    if (kept() !== spent) return true
    end()
    tell({ kind: 'spent', spent, next: null })
    return false
  }
  const next = await answered<LoggedIn>(response)
  take(next)
  tell({ kind: 'spent', spent, next })
  return true
}

// The log-in is over without anybody having asked for it.
function end(): void {
  expired.value ||= user.value !== undefined
  forget()
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

// One at a time: a token that is spent twice ends the log-in.
function refreshOnce(): Promise<boolean> {
  refreshing ??= refresh().finally(() => (refreshing = undefined))
  return refreshing
}

async function begin(): Promise<void> {
  const [end, bearer] = stored(keys.access).split(' ')
  if (kept()) return goOn({ refreshToken: kept(), token: bearer ?? '', endsAt: Number(end) })
  const shared = await askOthers()
  if (shared) {
    await goOn(shared)
    if (kept()) return
  }
  const response = await call('/api/v1/me', 'GET')
  // Without a token the coordinator knows nobody: it refuses, or it does not ask anybody.
  state.value = response.status === 401 ? 'out' : 'open'
}

// Takes up a log-in that there is. Who it is may have changed since, so the coordinator says it.
async function goOn(login: Kept): Promise<void> {
  keep(login)
  if (endsAt - Date.now() >= soonMs) {
    const response = await call('/api/v1/me', 'GET', undefined, token)
    if (response.status !== 401) return enter(await answered<User>(response))
  }
  await refreshOnce()
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

// Ways to log in; only the password where the coordinator knows no others.
export interface LoginMethods {
  password: boolean
  oidc?: { name: string; loginUrl: string }
}

export async function loginMethods(): Promise<LoginMethods> {
  const response = await call('/api/v1/auth/methods', 'GET').catch(() => undefined)
  const known = response?.ok ? ((await response.json().catch(() => undefined)) as LoginMethods | undefined) : undefined
  return known ?? { password: true }
}

// Takes the log-in that the provider has just confirmed; its code is in a cookie that no script can read.
export async function finishProvider(): Promise<User> {
  const answer = await answered<LoggedIn>(await call('/api/v1/auth/oidc/token', 'POST', {}))
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
  expired.value = false
  forget()
  tell({ kind: 'left', spent })
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

// Who it was that was logged in last in this tab.
export function lastUser(): string {
  return lastName
}

// Gives up a log-in that ended: the log-in page is next.
export function giveUp(): void {
  expired.value = false
}

export function useSession() {
  return {
    state,
    user,
    expired,
    // Whether a page may be shown.
    admitted: computed(() => state.value === 'open' || (state.value === 'in' && user.value?.mustChangePassword !== true)),
  }
}
