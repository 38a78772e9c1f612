// Moments and wall clocks of time zones, by the browser's own table. Pure.

const dayMs = 86_400_000
const clocks = new Map<string, Intl.DateTimeFormat>()

// Throws a RangeError for a name that no zone has.
function clockOf(zone: string): Intl.DateTimeFormat {
  let clock = clocks.get(zone)
  if (!clock) {
    clock = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    clocks.set(zone, clock)
  }
  return clock
}

export function isZone(zone: string): boolean {
  try {
    clockOf(zone)
    return zone !== ''
  } catch {
    return false
  }
}

// What the clock on the wall shows, as if it were a moment in UTC: its parts are read with getUTC….
export function wallOf(instant: number, zone: string): number {
  const parts: Record<string, number> = {}
  for (const { type, value } of clockOf(zone).formatToParts(instant)) parts[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

export function offsetMs(instant: number, zone: string): number {
  return wallOf(instant, zone) - Math.floor(instant / 1000) * 1000
}

// The moment of a wall clock. A time that is passed twice is the first one; one that is leapt over is the moment after the leap.
export function instantOf(wall: number, zone: string): number {
  const before = offsetMs(wall - dayMs, zone)
  const after = offsetMs(wall + dayMs, zone)
  const fitting = [before, after].map((offset) => wall - offset).filter((instant) => wallOf(instant, zone) === wall)
  return fitting.length > 0 ? Math.min(...fitting) : leapBetween(wall - dayMs, wall + dayMs, zone)
}

function leapBetween(from: number, to: number, zone: string): number {
  const first = offsetMs(from, zone)
  let [low, high] = [from, to]
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2000) * 1000
    if (offsetMs(middle, zone) === first) low = middle
    else high = middle
  }
  return high
}
