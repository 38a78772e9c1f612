// Rows as files that spreadsheets and programs read. Pure.
import type { Task } from '@/api/types'

type Cell = string | number | undefined

// A cell that a spreadsheet would take for a formula gets an apostrophe before it.
function cell(value: Cell): string {
  if (typeof value === 'number') return String(value)
  const text = value ?? ''
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

export function csv(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [head, ...rows].map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n'
}

export function tasksCsv(tasks: readonly Task[]): string {
  const head = ['id', 'state', 'images', 'nodes', 'completedNodes', 'failedNodes', 'pulls', 'failedPulls', 'bytesMoved', 'bytesSaved', 'createdAt', 'startedAt', 'finishedAt', 'error']
  const rows = tasks.map(({ taskId, status, images, progress, createdAt, startedAt, finishedAt, errorMessage }) => [
    taskId,
    status,
    images.join(' '),
    progress.totalNodes,
    progress.completedNodes,
    progress.failedNodes,
    progress.totalPulls,
    progress.failedPulls,
    progress.bytesMoved,
    progress.bytesSaved,
    createdAt,
    startedAt ?? '',
    finishedAt ?? '',
    errorMessage ?? '',
  ])
  return csv(head, rows)
}
