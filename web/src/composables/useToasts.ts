// Messages that pass by. Shown by ToastHost.
import { shallowRef } from 'vue'
import { fromThrown } from '@/api/errors'

export interface Toast {
  id: number
  tone: 'good' | 'bad'
  title: string
  details?: string
  // Code and request id of an API error: what an operator quotes when asking for help.
  trace?: string
}

const toasts = shallowRef<Toast[]>([])
let nextId = 1

function show(toast: Omit<Toast, 'id'>): void {
  toasts.value = [...toasts.value.slice(-3), { ...toast, id: nextId++ }]
}

export function useToasts() {
  return {
    toasts,
    done: (title: string, details?: string) => show({ tone: 'good', title, details }),
    failed(title: string, cause: unknown) {
      const error = fromThrown(cause)
      const trace = [error.code, error.requestId].filter(Boolean).join(' · ')
      show({ tone: 'bad', title, details: error.details ?? error.message, trace })
    },
    dismiss: (id: number) => (toasts.value = toasts.value.filter((toast) => toast.id !== id)),
  }
}
