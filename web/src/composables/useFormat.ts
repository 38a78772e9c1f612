// The functions of lib/format in the language and the time zone that were chosen.
import { useI18n } from '@/i18n'
import * as format from '@/lib/format'
import { zone } from './useZone'

export function useFormat() {
  const { locale, tag } = useI18n()
  return {
    bytes: (value: number) => format.formatBytes(value, tag.value),
    rate: (bytesPerSecond: number) => format.formatRate(bytesPerSecond, tag.value),
    share: (part: number) => format.formatShare(part, tag.value),
    time: (iso: string) => format.formatTime(iso, tag.value, zone.value),
    clock: (iso: string) => format.formatClock(iso, tag.value, zone.value),
    // Relative times are words: they follow the language alone.
    ago: (iso: string, now: number) => format.formatAgo(iso, now, locale.value),
    duration: (seconds: number) => format.formatDuration(seconds),
    number: (value: number) => value.toLocaleString(tag.value),
  }
}
