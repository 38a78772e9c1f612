// A first look at image references while they are typed. Only a hint: the coordinator decides.

export type ReferenceHint = 'space' | 'upper_case' | 'scheme' | 'tag' | 'digest' | 'name' | 'duplicate'

const host = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::\d+)?$/
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const tagPattern = /^\w[\w.-]{0,127}$/
const digestPattern = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-f]{32,}$/

// One reference a line; blank lines do not count.
export function referencesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

export function hintFor(reference: string): ReferenceHint | undefined {
  if (/\s/.test(reference)) return 'space'
  if (/^[a-z]+:\/\//i.test(reference)) return 'scheme'
  const [name = '', digest, extra] = reference.split('@')
  if (extra !== undefined) return 'digest'
  if (digest !== undefined && !digestPattern.test(digest)) return 'digest'
  const colon = name.lastIndexOf(':')
  const tagged = colon > name.lastIndexOf('/')
  if (tagged && !tagPattern.test(name.slice(colon + 1))) return 'tag'
  return nameHint(tagged ? name.slice(0, colon) : name)
}

function nameHint(name: string): ReferenceHint | undefined {
  const parts = name.split('/')
  const first = parts[0] ?? ''
  const hasHost = parts.length > 1 && (first.includes('.') || first.includes(':') || first === 'localhost')
  if (hasHost && !host.test(first)) return 'name'
  const path = hasHost ? parts.slice(1) : parts
  if (path.some((part) => part !== part.toLowerCase())) return 'upper_case'
  return path.every((part) => component.test(part)) ? undefined : 'name'
}

export interface LineHint {
  line: number
  reference: string
  hint: ReferenceHint
}

// The first problem of each line, with line numbers from 1.
export function hintsFor(text: string): LineHint[] {
  const seen = new Set<string>()
  const hints: LineHint[] = []
  text.split('\n').forEach((raw, index) => {
    const reference = raw.trim()
    if (reference === '') return
    const hint = seen.has(reference) ? 'duplicate' : hintFor(reference)
    seen.add(reference)
    if (hint) hints.push({ line: index + 1, reference, hint })
  })
  return hints
}

// The registry that an image comes from, as container runtimes read its name.
export function hostOf(reference: string): string {
  const first = reference.split('/')[0] ?? ''
  const isHost = reference.includes('/') && (first.includes('.') || first.includes(':') || first === 'localhost')
  return isHost ? first : 'docker.io'
}
