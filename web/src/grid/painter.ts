// Paints the grid on a canvas: all cells when the layout changes, else once a frame those that changed.
import type { Layout } from './layout'
import { headingHeight } from './layout'
import { cellStates, levels, ofCode } from './states'

export interface Palette {
  // By state, in the order of cellStates.
  fill: readonly string[]
  track: string
  page: string
  text: string
  cursor: string
}

// Custom properties of styles/tokens.css, as the browser resolves them for this element.
export function readPalette(element: HTMLElement): Palette {
  const probe = document.createElement('span')
  // Under reduced motion everything has a transition of no length, in which a new colour is still the old one.
  probe.style.setProperty('transition', 'none', 'important')
  element.append(probe)
  const color = (name: string) => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }
  const names: Record<(typeof cellStates)[number], string> = {
    queued: '--line-strong',
    dispatched: '--accent',
    pulling: '--bar-fetched',
    succeeded: '--grid-good',
    skipped: '--bar-skip',
    failed: '--grid-bad',
    cancelled: '--muted',
  }
  const palette = {
    fill: cellStates.map((state) => color(names[state])),
    track: color('--bar-track'),
    page: color('--surface'),
    text: color('--text'),
    cursor: color('--focus'),
  }
  probe.remove()
  return palette
}

export class GridPainter {
  codes = new Uint8Array(0)
  // Cells that do not fit the filter are faint.
  faint: Uint8Array = new Uint8Array(0)
  cursor = -1
  private layout: Layout | undefined
  private readonly dirty = new Set<number>()
  private whole = true
  private frame = 0
  private scale = 1

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private palette: Palette,
  ) {}

  setPalette(palette: Palette): void {
    this.palette = palette
    this.repaint()
  }

  setLayout(layout: Layout, width: number): void {
    this.layout = layout
    this.scale = Math.min(2, window.devicePixelRatio || 1)
    this.canvas.width = Math.round(width * this.scale)
    this.canvas.height = Math.round(layout.height * this.scale)
    this.canvas.style.width = `${width}px`
    this.canvas.style.height = `${layout.height}px`
    this.repaint()
  }

  repaint(): void {
    this.whole = true
    this.soon()
  }

  // One cell, once a frame however often it changes.
  touch(index: number): void {
    if (this.whole) return
    this.dirty.add(index)
    this.soon()
  }

  stop(): void {
    cancelAnimationFrame(this.frame)
    this.frame = 0
  }

  private soon(): void {
    this.frame ||= requestAnimationFrame(() => this.paint())
  }

  private paint(): void {
    this.frame = 0
    const context = this.canvas.getContext('2d')
    if (!context || !this.layout) return
    context.setTransform(this.scale, 0, 0, this.scale, 0, 0)
    const painted = this.whole ? this.paintAll(context, this.layout) : this.paintDirty(context, this.layout)
    this.dirty.clear()
    this.whole = false
    // For measurements: how many cells the last frame painted.
    this.canvas.dataset.painted = String(painted)
  }

  private paintAll(context: CanvasRenderingContext2D, layout: Layout): number {
    context.clearRect(0, 0, this.canvas.width, this.canvas.height)
    context.fillStyle = this.palette.text
    context.font = `600 13px ${getComputedStyle(this.canvas).fontFamily}`
    context.textBaseline = 'middle'
    for (const group of layout.groups) context.fillText(group.name, 0, group.top + headingHeight / 2, this.canvas.width / this.scale)
    for (let index = 0; index < layout.x.length; index += 1) this.cell(context, layout, index)
    return layout.x.length
  }

  private paintDirty(context: CanvasRenderingContext2D, layout: Layout): number {
    for (const index of this.dirty) this.cell(context, layout, index)
    return this.dirty.size
  }

  private cell(context: CanvasRenderingContext2D, layout: Layout, index: number): void {
    const [x, y, size] = [layout.x[index] ?? 0, layout.y[index] ?? 0, layout.size]
    const { state, level } = ofCode(this.codes[index] ?? 0)
    const color = this.palette.fill[cellStates.indexOf(state)] ?? this.palette.text
    context.clearRect(x - 1, y - 1, size + 2, size + 2)
    context.globalAlpha = this.faint[index] ? 0.15 : 1
    if (state === 'queued' || state === 'cancelled') {
      context.strokeStyle = color
      context.lineWidth = 1
      context.strokeRect(x + 0.5, y + 0.5, size - 1, size - 1)
      if (state === 'cancelled') this.stroke(context, [x + 2, y + size / 2, x + size - 2, y + size / 2])
    } else {
      const full = state === 'pulling' ? Math.max(2, (size * level) / levels) : size
      context.fillStyle = this.palette.track
      context.fillRect(x, y, size, size)
      context.fillStyle = color
      context.fillRect(x, y + size - full, size, full)
      if (state === 'failed') this.cross(context, x, y, size)
    }
    context.globalAlpha = 1
    if (index === this.cursor) {
      context.strokeStyle = this.palette.cursor
      context.lineWidth = 2
      context.strokeRect(x, y, size, size)
    }
  }

  // Failed cells are told apart without colours too.
  private cross(context: CanvasRenderingContext2D, x: number, y: number, size: number): void {
    context.strokeStyle = this.palette.page
    context.lineWidth = size > 10 ? 2 : 1
    this.stroke(context, [x + 2, y + 2, x + size - 2, y + size - 2])
    this.stroke(context, [x + size - 2, y + 2, x + 2, y + size - 2])
  }

  private stroke(context: CanvasRenderingContext2D, [x1, y1, x2, y2]: readonly [number, number, number, number]): void {
    context.beginPath()
    context.moveTo(x1, y1)
    context.lineTo(x2, y2)
    context.stroke()
  }
}
