// Moments between the API (RFC 3339 in UTC) and an input of the type datetime-local, which shows the wall clock of a zone. Pure.
import { instantOf, wallOf } from './zones'

// '' for no moment, or for what is none.
export function inputOf(iso: string, zone: string): string {
  const moment = Date.parse(iso)
  return Number.isNaN(moment) ? '' : new Date(wallOf(moment, zone)).toISOString().slice(0, 16)
}

export function momentOf(input: string, zone: string): string {
  const wall = Date.parse(`${input}Z`)
  return Number.isNaN(wall) ? '' : new Date(instantOf(wall, zone)).toISOString()
}
