// Labels of nodes and selectors of equal labels, as the API has them (an object, or "key=value,key2=value2").

export interface Label {
  key: string
  value: string
}

export function labelText({ key, value }: Label): string {
  return `${key}=${value}`
}

export function selectorText(labels: readonly Label[]): string {
  return labels.map(labelText).join(',')
}

export function labelsOf(object: Record<string, string> | null | undefined): Label[] {
  return Object.entries(object ?? {}).map(([key, value]) => ({ key, value }))
}
