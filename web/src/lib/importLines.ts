// Lines that are pasted to be added to the library: an image, then a name and #tags if wanted. Pure.
import { hintFor, type ReferenceHint } from './imageReference'

export interface ImportLine {
  // From 1, as an editor counts.
  line: number
  image: string
  name: string
  tags: string[]
  hint?: ReferenceHint
}

// "docker.io/library/nginx:1.27 web server #prod" -> image, name "web server", tags ["prod"]. Blank lines do not count.
export function importLines(text: string): ImportLine[] {
  const seen = new Set<string>()
  const lines: ImportLine[] = []
  text.split('\n').forEach((raw, index) => {
    const [image = '', ...words] = raw.trim().split(/\s+/)
    if (image === '') return
    const hint = seen.has(image) ? 'duplicate' : hintFor(image)
    seen.add(image)
    const tags = words.filter((word) => word.startsWith('#') && word.length > 1).map((word) => word.slice(1))
    const name = words.filter((word) => !word.startsWith('#')).join(' ')
    lines.push({ line: index + 1, image, name, tags: [...new Set(tags)], hint })
  })
  return lines
}

// "prod, edge" -> ["prod", "edge"]
export function tagsOf(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).map((word) => word.replace(/^#/, '')).filter((word) => word !== ''))]
}
