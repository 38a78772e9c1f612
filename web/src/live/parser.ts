// Cuts the bytes of a server-sent stream into events. Knows the format, not the meaning.

export interface StreamEvent {
  event: string
  id: string
  data: string
}

// Feed it text as it arrives; it answers the events that are complete. Comments (heartbeats) are swallowed.
export class EventParser {
  private rest = ''
  private event = ''
  private data: string[] = []
  private id = ''

  push(text: string): StreamEvent[] {
    const events: StreamEvent[] = []
    // A chunk may end between the CR and the LF of one line end: hold the CR back.
    const whole = this.rest + text
    const held = whole.endsWith('\r') ? 1 : 0
    const lines = whole.slice(0, whole.length - held).split(/\r\n|\n|\r/)
    this.rest = (lines.pop() ?? '') + whole.slice(whole.length - held)
    for (const line of lines) {
      const event = this.line(line)
      if (event) events.push(event)
    }
    return events
  }

  private line(line: string): StreamEvent | undefined {
    if (line === '') return this.dispatch()
    const colon = line.indexOf(':')
    if (colon === 0) return undefined
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'event') this.event = value
    else if (name === 'data') this.data.push(value)
    else if (name === 'id') this.id = value
    return undefined
  }

  private dispatch(): StreamEvent | undefined {
    const event = { event: this.event || 'message', id: this.id, data: this.data.join('\n') }
    const empty = this.data.length === 0
    this.event = ''
    this.data = []
    return empty ? undefined : event
  }
}
