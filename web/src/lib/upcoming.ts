// The next runs of a timetable, as the coordinator counts them: a time that is leapt over is due after the leap, one that is passed twice is
// due once. Pure.
import type { Times } from './cron'
import { instantOf, offsetMs, wallOf } from './zones'

const minuteMs = 60_000
const dayMs = 86_400_000
// 29 February comes at the latest after eight years.
const farthestDays = 8 * 366

// At most `count` moments after `from`, in order; empty when it is never due.
export function upcoming(times: Times, zone: string, from: number, count: number): number[] {
  const found = new Set<number>()
  const today = Math.floor(wallOf(from, zone) / dayMs) * dayMs
  for (let index = 0; index <= farthestDays && found.size < count; index += 1) {
    const day = today + index * dayMs
    if (!isDue(times, new Date(day))) continue
    const moments = times.everyHour ? byRealTime(times, day, zone) : byWallClock(times, day, zone)
    for (const moment of moments) {
      if (moment > from) found.add(moment)
    }
  }
  return [...found].sort((a, b) => a - b).slice(0, count)
}

function isDue(times: Times, day: Date): boolean {
  if (!times.months.has(day.getUTCMonth() + 1)) return false
  const byDate = times.days.has(day.getUTCDate())
  const byWeekday = times.weekdays.has(day.getUTCDay())
  return times.eitherDay ? byDate || byWeekday : byDate && byWeekday
}

function byWallClock(times: Times, day: number, zone: string): number[] {
  return times.hours.flatMap((hour) => times.minutes.map((minute) => instantOf(day + (hour * 60 + minute) * minuteMs, zone)))
}

function byRealTime(times: Times, day: number, zone: string): number[] {
  const minutes = new Set(times.minutes)
  const end = instantOf(day + dayMs, zone)
  const moments: number[] = []
  let moment = instantOf(day, zone)
  let offset = offsetMs(moment, zone)
  for (; moment < end; moment += minuteMs) {
    // Clocks change on a quarter of an hour.
    if (moment % (15 * minuteMs) === 0) offset = offsetMs(moment, zone)
    const minute = Math.floor((((moment + offset) % 3_600_000) + 3_600_000) / minuteMs) % 60
    if (minutes.has(minute)) moments.push(moment)
  }
  return moments
}
