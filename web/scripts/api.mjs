// Writes src/api/schema.d.ts from the coordinator's OpenAPI document; with --check it only says whether that file is up to date.
// The document is docs/openapi.json of this repository, which a test of the coordinator keeps true; IPS_OPENAPI names another file.
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import openapi, { astToString } from 'openapi-typescript'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const source = process.env.IPS_OPENAPI ?? here('../../docs/openapi.json')
const target = here('../src/api/schema.d.ts')
const head = '// Generated from docs/openapi.json by `npm run api`. Do not edit.\n'

const document = JSON.parse(await readFile(source, 'utf8'))
const types = head + astToString(await openapi(document, { alphabetize: true }))

if (process.argv.includes('--check')) {
  if ((await readFile(target, 'utf8')) !== types) {
    console.error('src/api/schema.d.ts does not fit docs/openapi.json: run `npm run api` and mend what no longer compiles')
    process.exit(1)
  }
} else {
  await writeFile(target, types)
}
