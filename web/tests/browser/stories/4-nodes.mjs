// Nodes as a table, as a map and one by one; coverage.
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
  { name: 'coverage on demand', run: coverageAsked },
]
