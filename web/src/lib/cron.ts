// Reads timetables as the coordinator does, to show what they mean while they are typed. Only a hint: the coordinator decides. Pure.
import { isZone } from './zones'

export interface Times {
  kind: 'times'
  // Of CRON_TZ=…, if it is there.
  zone: string | undefined
  minutes: readonly number[]
  hours: readonly number[]
  days: ReadonlySet<number>
  months: ReadonlySet<number>
  // Sunday is 0.
  weekdays: ReadonlySet<number>
  // The hour field names every hour: real hours are counted, also when clocks change.
  everyHour: boolean
  // Where both days are restricted, either will do.
  eitherDay: boolean
}

export interface Every {
  kind: 'every'
  ms: number
}

export interface CronProblem {
  kind: 'problem'
  part: 'empty' | 'zone' | 'macro' | 'every' | 'fields' | 'minute' | 'hour' | 'day' | 'month' | 'weekday'
}

export type Cron = Times | Every | CronProblem

const macros: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}
const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const weekdayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

interface Rule {
  part: CronProblem['part']
  min: number
  max: number
  names: readonly string[]
  // Number of the first name.
  first: number
}

const rules: readonly Rule[] = [
  { part: 'minute', min: 0, max: 59, names: [], first: 0 },
  { part: 'hour', min: 0, max: 23, names: [], first: 0 },
  { part: 'day', min: 1, max: 31, names: [], first: 0 },
  { part: 'month', min: 1, max: 12, names: monthNames, first: 1 },
  { part: 'weekday', min: 0, max: 7, names: weekdayNames, first: 0 },
]

const problem = (part: CronProblem['part']): CronProblem => ({ kind: 'problem', part })

export function parseCron(text: string): Cron {
  let rest = text.trim()
  let zone: string | undefined
  const prefix = /^(?:CRON_TZ|TZ)=(\S+)\s*/.exec(rest)
  if (prefix) {
    zone = prefix[1] ?? ''
    if (!isZone(zone)) return problem('zone')
    rest = rest.slice(prefix[0].length)
  }
  if (rest === '') return problem('empty')
  if (rest.startsWith('@every')) return every(rest.slice('@every'.length).trim())
  if (rest.startsWith('@')) {
    const macro = macros[rest]
    return macro ? times(macro, zone) : problem('macro')
  }
  return times(rest, zone)
}

// "1h30m", as Go writes durations; its rarer units are left to the coordinator.
function every(text: string): Cron {
  const units: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000 }
  if (!/^(?:\d+(?:\.\d+)?[hms])+$/.test(text)) return problem('every')
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([hms])/g)]
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ''] ?? 0), 0)
  return ms >= 1000 ? { kind: 'every', ms } : problem('every')
}

function times(text: string, zone: string | undefined): Cron {
  const words = text.split(/\s+/)
  if (words.length !== rules.length) return problem('fields')
  const fields: number[][] = []
  for (const [index, rule] of rules.entries()) {
    const values = field(words[index] ?? '', rule)
    if (!values) return problem(rule.part)
    fields.push(values)
  }
  const [minutes = [], hours = [], days = [], months = [], weekdays = []] = fields
  return {
    kind: 'times',
    zone,
    minutes,
    hours,
    days: new Set(days),
    months: new Set(months),
    weekdays: new Set(weekdays.map((day) => day % 7)),
    everyHour: hours.length === 24,
    eitherDay: isRestricted(words[2]) && isRestricted(words[4]),
  }
}

// A step makes "any" a restriction, as the coordinator has it.
function isRestricted(word = ''): boolean {
  return !word.split(',').some((item) => /^[*?](?:\/0*1)?$/.test(item))
}

// The numbers of one field, in order; undefined when it breaks a rule.
function field(word: string, rule: Rule): number[] | undefined {
  const found = new Set<number>()
  for (const item of word.split(',')) {
    const values = range(item, rule)
    if (!values) return undefined
    for (const value of values) found.add(value)
  }
  return [...found].sort((a, b) => a - b)
}

function range(item: string, rule: Rule): number[] | undefined {
  const [span = '', step, extra] = item.split('/')
  if (extra !== undefined || (step !== undefined && !/^0*[1-9]\d*$/.test(step))) return undefined
  const bounds = boundsOf(span, rule, step !== undefined)
  if (!bounds) return undefined
  const [from, to] = bounds
  const values: number[] = []
  for (let value = from; value <= to; value += Number(step ?? 1)) values.push(value)
  return values
}

function boundsOf(span: string, rule: Rule, stepped: boolean): [number, number] | undefined {
  // Sunday counts once.
  const last = rule.part === 'weekday' ? 6 : rule.max
  if (span === '*' || span === '?') return [rule.min, last]
  const [first = '', second, extra] = span.split('-')
  const from = numberOf(first, rule)
  if (from === undefined || extra !== undefined) return undefined
  if (second === undefined) return [from, stepped ? last : from]
  const to = numberOf(second, rule)
  return to === undefined || to < from ? undefined : [from, to]
}

function numberOf(word: string, rule: Rule): number | undefined {
  const named = rule.names.indexOf(word.toLowerCase())
  if (named >= 0) return named + rule.first
  if (!/^\d+$/.test(word)) return undefined
  const value = Number(word)
  return value >= rule.min && value <= rule.max ? value : undefined
}
