// Keys for the whole console, and which dialog of the frame is open. They never act while somebody types, and no key of the browser is taken
// but Ctrl+K, which opens the palette.
import { onScopeDispose, shallowRef } from 'vue'
import { useRouter } from 'vue-router'
import { useSession } from '@/auth/session'
import { menu } from '@/router/pages'

export const overlay = shallowRef<'palette' | 'help' | 'preferences'>()

// The second key of `g t` must come within this time.
const sequenceMs = 1500

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
}

const isModalOpen = () => document.querySelector('[role=dialog], [role=alertdialog], [role=menu]') !== null

export function useShortcuts(): void {
  const router = useRouter()
  const { admitted } = useSession()
  let pendingUntil = 0

  function go(key: string): boolean {
    const entry = menu.flatMap((group) => group.entries).find((known) => known.key === key)
    if (entry) void router.push({ name: entry.name })
    return entry !== undefined
  }

  function single(key: string): boolean {
    if (key === '?') overlay.value = 'help'
    else if (key === 'c') void router.push({ name: 'new-task' })
    else if (key === '/') return focusSearch()
    else return false
    return true
  }

  function press(event: KeyboardEvent): void {
    if (!admitted.value || event.defaultPrevented || event.isComposing) return
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k') {
      event.preventDefault()
      overlay.value = overlay.value === 'palette' ? undefined : 'palette'
      return
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || isModalOpen()) return
    const isSecond = Date.now() < pendingUntil
    pendingUntil = 0
    if (isSecond ? go(event.key) : single(event.key)) event.preventDefault()
    else if (event.key === 'g' && !isSecond) pendingUntil = Date.now() + sequenceMs
  }

  window.addEventListener('keydown', press)
  onScopeDispose(() => window.removeEventListener('keydown', press))
}

function focusSearch(): boolean {
  const search = document.querySelector<HTMLInputElement>('main input[type=search]')
  search?.focus()
  search?.select()
  return search !== null
}
