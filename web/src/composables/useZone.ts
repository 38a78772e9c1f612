// The time zone in which times are shown: the browser's, or any of the IANA database.
import { computed } from 'vue'
import { usePreference } from './usePreference'

export const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone

export function isZone(name: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

// '' is the browser's own.
export const zoneChoice = usePreference<string>('zone', (stored) => stored === '' || isZone(stored), '')
export const zone = computed(() => zoneChoice.value || browserZone)

// Every name to choose from, UTC first.
export function zoneNames(): string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone').filter((name) => name !== 'UTC')]
}
