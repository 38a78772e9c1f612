// Numbers and times as people read them. Sizes are binary everywhere: KiB, MiB, GiB.

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

// 331874304 -> "316.5 MiB"
export function formatBytes(bytes: number, locale: string): string {
  let value = Math.max(0, bytes)
  let unit = 0
  // 1023.95 KiB would be rounded to "1,024.0 KiB".
  while (value >= 1023.95 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1
  const number = value.toLocaleString(locale, { maximumFractionDigits: digits })
  return `${number}\u00a0${units[unit]}`
}

export function formatRate(bytesPerSecond: number, locale: string): string {
  return `${formatBytes(bytesPerSecond, locale)}/s`
}

// Two units at most: "45s", "3m 20s", "2h 05m", "1d 4h".
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole}s`
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${pad(whole % 60)}s`
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h ${pad(Math.floor((whole % 3600) / 60))}m`
  return `${Math.floor(whole / 86_400)}d ${Math.floor((whole % 86_400) / 3600)}h`
}

function pad(value: number): string {
  return String(value).padStart(2, '0')
}

// Date and time in a zone of the IANA database; undefined is the zone of the browser.
export function formatTime(iso: string, locale: string, timeZone?: string): string {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return iso
  return date.toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'medium', timeZone })
}

// The time of day alone, for axes and lists of one day.
export function formatClock(iso: string, locale: string, timeZone?: string): string {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return iso
  return date.toLocaleTimeString(locale, { timeStyle: 'medium', timeZone })
}

// 0.981 -> "98.1%"
export function formatShare(share: number, locale: string): string {
  return share.toLocaleString(locale, { style: 'percent', maximumFractionDigits: 1 })
}

// "3 minutes ago", "in 20 seconds"
export function formatAgo(iso: string, now: number, locale: string): string {
  const seconds = Math.round((new Date(iso).getTime() - now) / 1000)
  if (Number.isNaN(seconds)) return iso
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' })
  const size = Math.abs(seconds)
  if (size < 60) return format.format(seconds, 'second')
  if (size < 3600) return format.format(Math.trunc(seconds / 60), 'minute')
  if (size < 86_400) return format.format(Math.trunc(seconds / 3600), 'hour')
  return format.format(Math.trunc(seconds / 86_400), 'day')
}

// "sha256:0123456789ab…" -> "0123456789ab"
export function shortDigest(digest: string): string {
  const hex = digest.slice(digest.indexOf(':') + 1)
  return hex.slice(0, 12)
}

// "docker.io/library/nginx:1.27" -> ["docker.io/library/", "nginx:1.27"]: the part that tells images apart comes last.
export function splitImage(image: string): [string, string] {
  const digestAt = image.indexOf('@')
  const name = digestAt < 0 ? image : image.slice(0, digestAt)
  const cut = name.lastIndexOf('/') + 1
  return [image.slice(0, cut), image.slice(cut)]
}
