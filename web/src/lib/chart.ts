// A line of a chart as the path of an SVG. Pure.

export interface Point {
  // Milliseconds since the epoch.
  at: number
  value: number
}

export interface Frame {
  width: number
  height: number
  from: number
  to: number
  // The value at the top.
  most: number
}

// A round number that is not below `value`: 1, 2 or 5 with zeros, in steps of 1024 where `binary`.
export function roundUp(value: number, binary = false): number {
  if (value <= 0) return 1
  const base = binary ? 1024 ** Math.floor(Math.log(value) / Math.log(1024)) : 1
  const scaled = value / base
  const power = 10 ** Math.floor(Math.log10(scaled))
  const step = [1, 2, 5, 10].find((factor) => factor * power >= scaled) ?? 10
  return step * power * base
}

const place = (point: Point, frame: Frame) => {
  const x = ((point.at - frame.from) / Math.max(1, frame.to - frame.from)) * frame.width
  const y = frame.height - (Math.min(point.value, frame.most) / frame.most) * frame.height
  return `${x.toFixed(1)} ${y.toFixed(1)}`
}

export function linePath(points: readonly Point[], frame: Frame): string {
  return points.map((point, index) => `${index === 0 ? 'M' : 'L'}${place(point, frame)}`).join('')
}

export function areaPath(points: readonly Point[], frame: Frame): string {
  const [first, last] = [points[0], points[points.length - 1]]
  if (!first || !last) return ''
  const floor = (point: Point) => place({ at: point.at, value: 0 }, frame)
  return `${linePath(points, frame)}L${floor(last)}L${floor(first)}Z`
}
