// A request as what other programs take: curl, ips, YAML. Pure.
import type { CreateTask } from '@/api/types'
import { quote } from './curl'

const options: readonly [keyof CreateTask, string][] = [
  ['labelSelector', '--selector'],
  ['nodeNames', '--node'],
  ['excludeNodes', '--exclude'],
  ['maxNodes', '--max-nodes'],
  ['platform', '--platform'],
  ['batchSize', '--batch-size'],
  ['parallelism', '--parallelism'],
  ['batchMode', '--batch-mode'],
  ['canary', '--canary'],
  ['abortFailurePercent', '--abort-failure-percent'],
  ['successThreshold', '--success-threshold'],
  ['pullPolicy', '--pull-policy'],
  ['priority', '--priority'],
  ['maxRetries', '--max-retries'],
  ['retryStrategy', '--retry-strategy'],
  ['channels', '--channel'],
  ['webhookUrl', '--webhook-url'],
]
// Seconds in the API, durations in the command.
const durations: readonly [keyof CreateTask, string][] = [
  ['deadlineSeconds', '--deadline'],
  ['retryDelay', '--retry-delay'],
  ['pullTimeoutSeconds', '--pull-timeout'],
  ['noProgressTimeoutSeconds', '--no-progress-timeout'],
]

export function ipsCommand(request: CreateTask): string {
  const words = request.images.map((image) => `--image ${quote(image)}`)
  for (const [field, option] of options) {
    const value = request[field]
    const values = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]
    for (const one of values) words.push(`${option} ${quote(String(one))}`)
  }
  for (const [field, option] of durations) {
    const value = request[field]
    if (typeof value === 'number') words.push(`${option} ${value}s`)
  }
  return ['ips task create', ...words].join(' \\\n  ')
}

// A scalar that YAML reads back as the text or number that it was.
function scalar(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

function lines(value: unknown, indent: string): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((one: unknown) => {
      if (typeof one !== 'object' || one === null) return [`${indent}- ${scalar(one)}`]
      const [first = '', ...rest] = lines(one, `${indent}  `)
      return [`${indent}- ${first.trimStart()}`, ...rest]
    })
  }
  return Object.entries(value as Record<string, unknown>).flatMap(([key, inner]) => {
    if (inner === undefined || inner === null) return []
    if (typeof inner !== 'object') return [`${indent}${key}: ${scalar(inner)}`]
    const nested = lines(inner, `${indent}  `)
    return nested.length > 0 ? [`${indent}${key}:`, ...nested] : []
  })
}

export function yaml(value: object): string {
  return `${lines(value, '').join('\n')}\n`
}
