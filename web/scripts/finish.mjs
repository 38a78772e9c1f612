// After the build: packs what is worth packing, so that the coordinator need not, and holds the first view to its budget.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const budgetKiB = 150
const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const assets = join(dist, 'assets')

// Scripts that index.html names: what a browser loads before it shows the first page.
const page = await readFile(join(dist, 'index.html'), 'utf8')
const first = new Set([...page.matchAll(/\/assets\/([\w.-]+\.js)"/g)].map((match) => match[1]))

let firstBytes = 0
for (const name of await readdir(assets)) {
  if (!/\.(js|css|svg)$/.test(name)) continue
  const path = join(assets, name)
  const plain = await readFile(path)
  const gzip = gzipSync(plain, { level: 9 })
  const brotli = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })
  if (first.has(name)) firstBytes += gzip.length
  if (gzip.length < plain.length) await writeFile(`${path}.gz`, gzip)
  if (brotli.length < plain.length) await writeFile(`${path}.br`, brotli)
}

const firstKiB = firstBytes / 1024
console.log(`first view: ${first.size} scripts, ${firstKiB.toFixed(1)} KiB gzip (budget ${budgetKiB} KiB)`)
if (first.size === 0 || firstKiB > budgetKiB) {
  console.error('the first view is over its budget')
  process.exit(1)
}
