// The functions of lib/format in the language of the console.
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { regional } from '@/i18n'
import * as format from '@/lib/format'

export function useFormat() {
  const { locale } = useI18n()
  const tag = computed(() => regional(locale.value))
  return {
    bytes: (value: number) => format.formatBytes(value, tag.value),
    rate: (bytesPerSecond: number) => format.formatRate(bytesPerSecond, tag.value),
    time: (iso: string) => format.formatTime(iso, tag.value),
    // Relative times are words: they follow the language alone.
    ago: (iso: string, now: number) => format.formatAgo(iso, now, locale.value),
    number: (value: number) => value.toLocaleString(tag.value),
  }
}
