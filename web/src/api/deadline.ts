// fetch that gives up: the coordinator answers within 30 s, with an error if it must, so an answer that has not begun after that was lost.
import { ApiError } from './errors'

export const answerMs = 40_000

// Rejects like a broken connection when no answer begins in time; the signal of the caller still ends it sooner.
export async function fetchInTime(input: Request | string, init: RequestInit = {}): Promise<Response> {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new ApiError(0, 'no_answer', `no answer within ${answerMs / 1000} s`)), answerMs)
  const own = init.signal ?? (typeof input === 'string' ? undefined : input.signal)
  try {
    return await fetch(input, { ...init, signal: own ? AbortSignal.any([own, late.signal]) : late.signal })
  } finally {
    clearTimeout(timer)
  }
}
