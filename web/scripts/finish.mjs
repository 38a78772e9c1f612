// After the build: says what it was built from, packs what is worth packing, so that the coordinator need not, and holds the first view to its
// budget.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { tagOfSources } from './sources.mjs'

const budgetKiB = 130
const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const assets = join(dist, 'assets')

// Scripts that a browser loads for the first page: the entry, the overview, the words that they need, and whatever these import.
const manifest = JSON.parse(await readFile(join(dist, '.vite/manifest.json'), 'utf8'))
const first = new Set()
function take(key) {
  const chunk = manifest[key]
  if (!chunk) throw new Error(`${key} is not in the build`)
  if (first.has(chunk.file)) return
  first.add(chunk.file)
  chunk.imports?.forEach(take)
}
for (const key of ['index.html', 'src/pages/overview/OverviewPage.vue', 'src/locales/en/core.ts']) take(key)

const page = join(dist, 'index.html')
await writeFile(page, (await readFile(page, 'utf8')).replace('</head>', `  ${tagOfSources()}\n  </head>`))

let firstBytes = 0
for (const name of await readdir(assets)) {
  if (!/\.(js|css|svg)$/.test(name)) continue
  const path = join(assets, name)
  const plain = await readFile(path)
  const gzip = gzipSync(plain, { level: 9 })
  const brotli = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })
  if (first.has(`assets/${name}`)) firstBytes += gzip.length
  if (gzip.length < plain.length) await writeFile(`${path}.gz`, gzip)
  if (brotli.length < plain.length) await writeFile(`${path}.br`, brotli)
}
await rm(join(dist, '.vite'), { recursive: true })

const firstKiB = firstBytes / 1024
console.log(`first view: ${first.size} scripts, ${firstKiB.toFixed(1)} KiB gzip (budget ${budgetKiB} KiB)`)
if (firstKiB > budgetKiB) {
  console.error('the first view is over its budget')
  process.exit(1)
}
