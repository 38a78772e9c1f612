// Writes what the console knows of the API: src/api/schema.d.ts from the coordinator's OpenAPI document, and src/api/permissions.ts from the
// table of roles. With --check it only says whether both are up to date. The sources are docs/openapi.json and docs/roles.md of this
// repository, which tests of the coordinator keep true; IPS_OPENAPI names another document.
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import openapi, { astToString } from 'openapi-typescript'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const document = process.env.IPS_OPENAPI ?? here('../../docs/openapi.json')
const roles = here('../../docs/roles.md')

async function schema() {
  const types = astToString(await openapi(JSON.parse(await readFile(document, 'utf8')), { alphabetize: true }))
  return `// Generated from docs/openapi.json by \`npm run api\`. Do not edit.\n${types}`
}

// Rows of the table: | list_tasks | `GET /…` | … | `tasks:read` | yes | yes | yes | yes |
async function permissions() {
  const rows = (await readFile(roles, 'utf8')).split('\n').flatMap((line) => {
    const cells = line.split('|').map((cell) => cell.trim())
    const [, operation = '', , , , ...allowed] = cells
    if (!/^[a-z_]+$/.test(operation) || operation === 'operation') return []
    const least = ['viewer', 'operator', 'admin', 'system-admin'].find((_, index) => allowed[index] === 'yes')
    return least ? [`  ${operation}: '${least}',`] : []
  })
  return [
    '// Generated from docs/roles.md by `npm run api`. Do not edit.',
    '// The least role that may call an operation; a role may do everything that a lesser one may.',
    'export const leastRoles = {',
    ...rows,
    '} as const',
    '',
  ].join('\n')
}

let stale = false
for (const [name, made] of [
  ['src/api/schema.d.ts', await schema()],
  ['src/api/permissions.ts', await permissions()],
]) {
  const target = here(`../${name}`)
  if (!process.argv.includes('--check')) await writeFile(target, made)
  else if ((await readFile(target, 'utf8').catch(() => '')) !== made) {
    stale = true
    console.error(`${name} does not fit docs/: run \`npm run api\` and mend what no longer compiles`)
  }
}
if (stale) process.exit(1)
