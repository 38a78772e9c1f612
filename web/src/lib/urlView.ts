// What a page shows, as the query of its address: filters, sort, page, search. Pure; useUrlView.ts ties it to the router.

// How one part of a view is read from the query and written to it. What equals the initial value is left out of the address.
export interface Part<T> {
  initial: T
  read(text: string): T | undefined
  write(value: T): string
}

export type QueryText = Readonly<Record<string, string | undefined>>
export type Parts = Readonly<Record<string, Part<unknown>>>
export type ViewOf<P extends Parts> = { -readonly [K in keyof P]: P[K] extends Part<infer T> ? T : never }

export const text = (initial = ''): Part<string> => ({ initial, read: (raw) => raw, write: (value) => value })

export function whole(initial = 0, least = 0): Part<number> {
  return {
    initial,
    read(raw) {
      const value = Number(raw)
      return Number.isSafeInteger(value) && value >= least ? value : undefined
    },
    write: String,
  }
}

export function choice<T extends string>(choices: readonly T[], initial: NoInfer<T>): Part<T> {
  return { initial, read: (raw) => choices.find((known) => known === raw), write: (value) => value }
}

// Several of the choices, in their order; none is no filter.
export function choices<T extends string>(known: readonly T[]): Part<readonly T[]> {
  return {
    initial: [],
    read(raw) {
      const wanted = new Set(raw.split(','))
      return known.filter((one) => wanted.has(one))
    },
    write: (values) => known.filter((one) => values.includes(one)).join(','),
  }
}

export function readView<P extends Parts>(parts: P, query: QueryText): ViewOf<P> {
  const entries = Object.entries(parts).map(([name, part]) => {
    const raw = query[name]
    return [name, raw === undefined ? part.initial : (part.read(raw) ?? part.initial)]
  })
  return Object.fromEntries(entries) as ViewOf<P>
}

// Parts of the query that are not the view's stay as they are.
export function writeView<P extends Parts>(parts: P, view: ViewOf<P>, query: QueryText): Record<string, string> {
  const next: Record<string, string> = {}
  for (const [name, value] of Object.entries(query)) if (!(name in parts) && value !== undefined) next[name] = value
  for (const [name, part] of Object.entries(parts)) {
    const written = part.write((view as Record<string, unknown>)[name])
    if (written !== '' && written !== part.write(part.initial)) next[name] = written
  }
  return next
}
