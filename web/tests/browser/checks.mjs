// What holds on every page.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

// No axe violation of any impact. page.evaluate is not bound by the page's content security policy.
export async function accessible(page, where) {
  await page.waitForTimeout(200)
  await page.evaluate(axeSource)
  const found = await page.evaluate((values) => globalThis.axe.run(document, { resultTypes: ['violations'], runOnly: { type: 'tag', values } }), tags)
  const lines = found.violations.map((one) => `${one.impact} ${one.id}: ${one.help}\n  ${one.nodes.slice(0, 5).map((node) => `${node.target} ${node.failureSummary}`).join('\n  ')}`)
  assert.deepEqual(lines, [], `axe on ${where}`)
}

// Nothing is wider than the window.
export async function fits(page, where) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(over <= 0, `${where} is ${over} px too wide`)
}

// No text of the console is in English, and none is the name of a text. What people, registries and the coordinator wrote is marked dir=auto.
export async function translated(page, where) {
  const left = await page.evaluate(() => {
    const skip = 'code, kbd, pre, .mono, option, [dir=auto], time, script, style, [data-untranslated]'
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const found = []
    while (walker.nextNode()) {
      const text = walker.currentNode.data.trim()
      const parent = walker.currentNode.parentElement
      if (text === '' || !parent || parent.closest(skip)) continue
      // Two words of English in a row, or a key such as tasks.title.
      if (/\b[a-z]{3,} [a-z]{2,}\b/i.test(text.replace(/\S*[\d/:@.]\S*/g, '')) || /^[a-z]+(?:\.[a-zA-Z_]+)+$/.test(text)) found.push(text.slice(0, 80))
    }
    for (const element of document.querySelectorAll('[aria-label], [title], [placeholder]')) {
      if (element.closest(skip)) continue
      for (const name of ['aria-label', 'title', 'placeholder']) {
        const text = (element.getAttribute(name) ?? '').replace(/\S*[\d/:@.=]\S*/g, '')
        if (/\b[a-z]{3,} [a-z]{2,}\b/i.test(text)) found.push(`${name}: ${text.slice(0, 80)}`)
      }
    }
    return [...new Set(found)]
  })
  assert.deepEqual(left, [], `texts that are not Chinese on ${where}`)
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
