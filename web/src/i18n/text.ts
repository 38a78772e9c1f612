// Messages to text: parameters in braces, forms of number separated by " | ". Pure.

export type Values = Readonly<Record<string, string | number>>

export interface Tree {
  readonly [key: string]: string | Tree
}

// Every path of a catalogue that ends at a text, such as "tasks.title".
export type Leaves<T, Before extends string = ''> = {
  [K in keyof T & string]: T[K] extends string ? `${Before}${K}` : Leaves<T[K], `${Before}${K}.`>
}[keyof T & string]

export function find(tree: Tree, key: string): string | undefined {
  let at: string | Tree | undefined = tree
  for (const part of key.split('.')) {
    if (typeof at !== 'object') return undefined
    at = at[part]
  }
  return typeof at === 'string' ? at : undefined
}

// Two forms: one, any other. Three: none, one, any other.
export function form(text: string, count: number): string {
  const forms = text.split(' | ')
  if (forms.length === 1) return text
  const index = forms.length === 2 ? Number(count !== 1) : Math.min(Math.abs(count), 2)
  return forms[index] ?? text
}

// A parameter that nobody gave stays as it is: that is seen, an empty place is not.
export function fill(text: string, values: Values, locale: string): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name]
    if (value === undefined) return whole
    return typeof value === 'number' ? value.toLocaleString(locale) : value
  })
}
