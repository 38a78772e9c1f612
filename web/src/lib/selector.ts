// Label selectors between the form (chips) and the API (an object, or "key=value,key2=value2").

export interface Label {
  key: string
  value: string
}

// "pool=gpu" -> {key: "pool", value: "gpu"}; undefined when there is no key or no "=".
export function parseLabel(text: string): Label | undefined {
  const trimmed = text.trim()
  const cut = trimmed.indexOf('=')
  if (cut <= 0) return undefined
  return { key: trimmed.slice(0, cut).trim(), value: trimmed.slice(cut + 1).trim() }
}

export function labelText({ key, value }: Label): string {
  return `${key}=${value}`
}

// A later label of the same key replaces the earlier one: a node has one value for a key.
export function addLabel(labels: readonly Label[], label: Label): Label[] {
  return [...labels.filter((known) => known.key !== label.key), label]
}

export function selectorText(labels: readonly Label[]): string {
  return labels.map(labelText).join(',')
}

export function selectorObject(labels: readonly Label[]): Record<string, string> | undefined {
  return labels.length > 0 ? Object.fromEntries(labels.map(({ key, value }) => [key, value])) : undefined
}

export function labelsOf(object: Record<string, string> | null | undefined): Label[] {
  return Object.entries(object ?? {}).map(([key, value]) => ({ key, value }))
}
