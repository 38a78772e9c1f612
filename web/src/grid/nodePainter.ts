// Paints the map of nodes on a canvas. A few thousand cells are painted whole: once a frame at most.
import { mapStates, scaleSteps, type Measure } from '@/lib/nodeMap'
import type { NodeState } from '@/lib/nodes'
import { headingHeight, type Layout } from './layout'

const stateColors: Readonly<Record<NodeState, string>> = {
  ready: 'var(--grid-good)',
  draining: 'var(--warn)',
  notReady: 'var(--grid-bad)',
  offline: 'var(--line-strong)',
}

// A colour of the scale as CSS, for the cells and the legend alike.
export const scaleColor = (step: number) => `color-mix(in srgb, var(--bar-unpacked) ${Math.round(((step + 1) / scaleSteps) * 100)}%, var(--bar-track))`
export const stateColor = (state: NodeState) => stateColors[state]

interface Colors {
  states: readonly string[]
  scale: readonly string[]
  text: string
  unknown: string
  cursor: string
  page: string
}

export class NodePainter {
  private layout: Layout | undefined
  private colors: Colors | undefined
  private codes: readonly number[] = []
  private measure: Measure = 'state'
  private cursor = -1
  private frame = 0
  private scale = 1

  constructor(private readonly canvas: HTMLCanvasElement) {}

  // Custom properties of styles/tokens.css, as the browser resolves them for this element.
  readColors(element: HTMLElement): void {
    const probe = document.createElement('span')
    // Under reduced motion everything has a transition of no length, in which a new colour is still the old one.
    probe.style.setProperty('transition', 'none', 'important')
    element.append(probe)
    const resolved = (color: string) => {
      probe.style.color = color
      return getComputedStyle(probe).color
    }
    this.colors = {
      states: mapStates.map((state) => resolved(stateColors[state])),
      scale: Array.from({ length: scaleSteps }, (_, step) => resolved(scaleColor(step))),
      text: resolved('var(--text)'),
      unknown: resolved('var(--line-strong)'),
      cursor: resolved('var(--focus)'),
      page: resolved('var(--surface)'),
    }
    probe.remove()
  }

  setLayout(layout: Layout, width: number): void {
    this.layout = layout
    this.scale = Math.min(2, window.devicePixelRatio || 1)
    this.canvas.width = Math.round(width * this.scale)
    this.canvas.height = Math.round(layout.height * this.scale)
    this.canvas.style.width = `${width}px`
    this.canvas.style.height = `${layout.height}px`
  }

  paint(codes: readonly number[], measure: Measure, cursor: number): void {
    this.codes = codes
    this.measure = measure
    this.cursor = cursor
    this.frame ||= requestAnimationFrame(() => this.draw())
  }

  stop(): void {
    cancelAnimationFrame(this.frame)
  }

  private draw(): void {
    this.frame = 0
    const context = this.canvas.getContext('2d')
    const { layout, colors } = this
    if (!context || !layout || !colors) return
    context.setTransform(this.scale, 0, 0, this.scale, 0, 0)
    context.clearRect(0, 0, this.canvas.width, this.canvas.height)
    context.fillStyle = colors.text
    context.font = `600 13px ${getComputedStyle(this.canvas).fontFamily}`
    context.textBaseline = 'middle'
    for (const group of layout.groups) context.fillText(`${group.name}  ${group.nodes}`, 0, group.top + headingHeight / 2)
    this.codes.forEach((code, index) => this.cell(context, layout, colors, code, index))
  }

  private cell(context: CanvasRenderingContext2D, layout: Layout, colors: Colors, code: number, index: number): void {
    const [x, y, size] = [layout.x[index] ?? 0, layout.y[index] ?? 0, layout.size]
    const color = (this.measure === 'state' ? colors.states : colors.scale)[code]
    const state = this.measure === 'state' ? mapStates[code] : undefined
    // Offline and unknown are empty frames: told apart without colours too.
    if (color === undefined || state === 'offline') {
      context.strokeStyle = color ?? colors.unknown
      context.lineWidth = 1
      context.strokeRect(x + 0.5, y + 0.5, size - 1, size - 1)
    } else {
      context.fillStyle = color
      context.fillRect(x, y, size, size)
    }
    if (state === 'notReady' || state === 'draining') this.mark(context, colors, x, y, size, state === 'notReady')
    if (index !== this.cursor) return
    context.strokeStyle = colors.cursor
    context.lineWidth = 2
    context.strokeRect(x - 1, y - 1, size + 2, size + 2)
  }

  private mark(context: CanvasRenderingContext2D, colors: Colors, x: number, y: number, size: number, crossed: boolean): void {
    context.strokeStyle = colors.page
    context.lineWidth = size > 10 ? 2 : 1
    context.beginPath()
    context.moveTo(x + 2, y + size - 2)
    context.lineTo(x + size - 2, y + 2)
    if (crossed) {
      context.moveTo(x + 2, y + 2)
      context.lineTo(x + size - 2, y + size - 2)
    }
    context.stroke()
  }
}
