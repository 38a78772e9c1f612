// Conditions on the labels of nodes: rows of a form on one side, Kubernetes' syntax on the other. Pure; the coordinator decides what is valid.

export const operators = ['is', 'in', 'notin', 'exists', 'absent'] as const
export type Operator = (typeof operators)[number]

export interface Condition {
  key: string
  operator: Operator
  // Separated by commas; not for `exists` and `absent`.
  values: string
}

export const needsValues = (operator: Operator): boolean => operator !== 'exists' && operator !== 'absent'

const listOf = (values: string) =>
  values
    .split(/[,\s]+/)
    .filter((value) => value !== '')
    .join(',')

export function conditionText({ key, operator, values }: Condition): string {
  const name = key.trim()
  if (name === '') return ''
  if (operator === 'exists') return name
  if (operator === 'absent') return `!${name}`
  if (operator === 'is') return `${name}=${values.trim()}`
  return `${name} ${operator} (${listOf(values)})`
}

// Rows without a key say nothing yet.
export function selectorOf(conditions: readonly Condition[]): string {
  return conditions
    .map(conditionText)
    .filter((text) => text !== '')
    .join(',')
}

// Splits at commas that are not in parentheses.
function parts(text: string): string[] {
  return text
    .split(/,(?![^()]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function condition(part: string): Condition {
  const list = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(part)
  if (list) return { key: list[1] ?? '', operator: list[2] === 'in' ? 'in' : 'notin', values: listOf(list[3] ?? '') }
  if (part.startsWith('!')) return { key: part.slice(1).trim(), operator: 'absent', values: '' }
  const other = /^([^=!\s]+)\s*(==|=|!=)\s*(.*)$/.exec(part)
  if (!other) return { key: part, operator: 'exists', values: '' }
  return { key: other[1] ?? '', operator: other[2] === '!=' ? 'notin' : 'is', values: other[3] ?? '' }
}

export function conditionsOf(selector: string): Condition[] {
  return parts(selector).map(condition)
}
