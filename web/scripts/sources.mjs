// One name for everything that the console is built from, to tell whether what a coordinator serves is built from what is here.
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const web = fileURLToPath(new URL('../', import.meta.url))
const parts = ['index.html', 'package-lock.json', 'vite.config.ts', 'src']

function* files(path) {
  const below = readdirSync(`${web}${path}`, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of below) {
    if (entry.isDirectory()) yield* files(`${path}/${entry.name}`)
    else yield `${path}/${entry.name}`
  }
}

export function nameOfSources() {
  const hash = createHash('sha256')
  for (const part of parts) {
    for (const file of part === 'src' ? files(part) : [part]) hash.update(`${file}\n`).update(readFileSync(`${web}${file}`))
  }
  return hash.digest('hex')
}

export const tagOfSources = () => `<meta name="ips-console-sources" content="${nameOfSources()}">`
