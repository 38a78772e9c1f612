// What holds on every page.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

// No axe violation of any impact. page.evaluate is not bound by the page's content security policy.
export async function accessible(page, where) {
  await page.waitForTimeout(250)
  await page.evaluate(axeSource)
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }))
  const lines = found.violations.map((one) => `${one.impact} ${one.id}: ${one.help}\n  ${one.nodes.map((node) => `${node.target} ${node.failureSummary}`).join('\n  ')}`)
  assert.deepEqual(lines, [], `axe on ${where}`)
}

// Nothing is wider than the window.
export async function fits(page, where) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(over <= 0, `${where} is ${over} px too wide`)
}

export function clean(problems, where) {
  assert.deepEqual(problems, [], `problems on ${where}`)
}

export async function shot(page, setting, name) {
  if (setting.shots) await page.screenshot({ path: join(setting.shots, `${name}.png`), fullPage: true })
}

// The stream of changes is open.
export function live(page) {
  return page.waitForSelector('[data-status="live"]', { timeout: 30_000 })
}
