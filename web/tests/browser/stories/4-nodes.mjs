// Nodes as a table, as a map and one by one; coverage.
import assert from 'node:assert/strict'
import { accessible, clean, fits, live, shot } from '../checks.mjs'
import { openPage } from '../browser.mjs'

// Found by label and state, seen as a map, opened from it by keyboard.
async function nodesFound(browser, stand, setting) {
  const { page, problems, close } = await openPage(browser, stand)
  await page.goto('/nodes')
  await live(page)
  await page.goto('/nodes?view=map')
  const map = page.getByRole('application')
  await map.waitFor()
  await map.focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Home')
  await accessible(page, 'map of nodes')
  await shot(page, setting, 'nodes-map')
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/nodes\/.+/)
  await page.getByRole('heading', { name: 'Why is it cold?' }).waitFor()
  await accessible(page, 'node')
  await shot(page, setting, 'node')
  await page.goto('/nodes?selector=no-such-label')
  await page.getByRole('heading', { name: 'No node fits' }).waitFor()
  await page.goto('/nodes?selector=))')
  await page.getByRole('alert').waitFor()
  clean(problems, 'nodes')
  await close()
}

// Of many nodes one page is asked for, whatever is searched for and however it is sorted; all of it is in the address.
async function nodesInPages(browser, stand, setting) {
  const { page, problems, close } = await openPage(browser, stand)
  const asked = []
  const pageSize = 50
  const many = 5000
  const long = (index) => `node-${String(index).padStart(5, '0')}-${'n'.repeat(49)}`
  await page.route(/\/api\/v1\/nodes\?/, async (route) => {
    const query = new URL(route.request().url()).searchParams
    asked.push(Object.fromEntries(query))
    const answer = await route.fetch({ url: `${stand.url}/api/v1/nodes` })
    const body = await answer.json()
    const [limit, offset] = [Number(query.get('limit')), Number(query.get('offset'))]
    body.nodes = Array.from({ length: limit }, (_, index) => ({ ...body.nodes[index % body.nodes.length], name: long(offset + index) }))
    await route.fulfill({ response: answer, json: { ...body, total: many } })
  })
  await page.goto('/nodes')
  await page.getByText(long(0)).waitFor()
  assert.equal(await page.getByRole('row').count(), pageSize + 1)
  await fits(page, 'many nodes')
  await shot(page, setting, 'nodes-many')
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByText(long(pageSize)).waitFor()
  assert.equal(new URL(page.url()).searchParams.get('offset'), String(pageSize))
  await page.getByRole('searchbox', { name: 'Find nodes by name or label' }).fill('node')
  await page.getByLabel('Sort by').selectOption('disk')
  await page.getByRole('button', { name: /^Ready/ }).click()
  await page.waitForURL((url) => url.search === '?q=node&state=ready&sort=disk')
  await page.getByText(long(0)).waitFor()
  const { limit, offset, ...question } = asked.at(-1)
  assert.deepEqual({ limit, offset, ...question }, { limit: String(pageSize), offset: '0', q: 'node', state: 'ready', sort: 'disk' })
  await page.getByRole('button', { name: 'Map' }).click()
  await page.getByRole('application', { name: /1,000 nodes/ }).waitFor()
  assert.equal(asked.at(-1).limit, '1000')
  clean(problems, 'many nodes')
  await close()
}

// Asked on demand, group by group; nothing is saved.
async function coverageAsked(browser, stand, setting) {
  const { page, problems, close } = await openPage(browser, stand)
  await page.goto('/coverage?images=registry.invalid/team/app:1')
  await page.getByRole('button', { name: 'Look now' }).click()
  await page.getByRole('region', { name: 'Warm nodes by image' }).waitFor({ timeout: 60_000 })
  await accessible(page, 'coverage')
  await fits(page, 'coverage')
  await shot(page, setting, 'coverage')
  clean(problems, 'coverage')
  await close()
}

export const stories = [
  { name: 'selector, map, why it is cold', run: nodesFound },
  { name: 'nodes come in pages', run: nodesInPages },
  { name: 'coverage on demand', run: coverageAsked },
]
