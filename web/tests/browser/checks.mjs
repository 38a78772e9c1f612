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
  const { over, by } = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement
    const wide = [...document.querySelectorAll('body *')].filter((element) => element.getBoundingClientRect().right > clientWidth + 0.5)
    return { over: scrollWidth - clientWidth, by: wide.slice(0, 6).map((element) => `${element.tagName}.${element.className} ${element.textContent.trim().slice(0, 40)}`) }
  })
  assert.ok(over <= 0, `${where} is ${over} px too wide: ${by.join(' | ')}`)
}

// Words that are the same in Chinese: names of products, protocols, formats, units, keys, roles, and words that are typed as they stand.
const sameInChinese = new Set(
  ('IPS API OpenAPI JSON CSV YAML curl ips HTTP HTTPS http https POST TLS STARTTLS DNS CA CI UTC ID inode kubelet Pod DaemonSet Deployment StatefulSet CronJob Kubernetes containerd cron README ' +
    'Slack Teams Microsoft Lark Webhook Always IfNotPresent ' +
    'error warn info debug trace ' +
    'GB GiB MiB KiB TiB Enter Esc Ctrl Home End Tab admin operator viewer system default Default English').split(' '),
)

// No text of the console has a Latin word that is not the same in Chinese, and none is the name of a text. What people, registries and the
// coordinator wrote is marked dir=auto; a reference, an address, a time or a number with its unit has a digit or a sign in it.
export async function translated(page, where) {
  const left = await page.evaluate((known) => {
    const same = new Set(known)
    const skip = 'noscript, bdi, code, kbd, pre, .mono, option, [dir=auto], time, script, style, [data-untranslated]'
    const foreign = (text) => (text.replace(/\S*[\d/:@._=]\S*/g, ' ').match(/[A-Za-z]{2,}/g) ?? []).filter((word) => !same.has(word))
    const found = []
    const look = (text, name) => {
      const words = foreign(text)
      if (words.length > 0 || /^[a-z]+(?:\.[a-zA-Z_]+)+$/.test(text)) found.push(`${name}${text.slice(0, 80)} [${words.join(' ')}]`)
    }
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (walker.nextNode()) {
      const text = walker.currentNode.data.trim()
      const parent = walker.currentNode.parentElement
      if (text !== '' && parent && !parent.closest(skip)) look(text, '')
    }
    for (const element of document.querySelectorAll('[aria-label], [title], [placeholder]')) {
      if (element.closest(skip)) continue
      for (const name of ['aria-label', 'title', 'placeholder']) look(element.getAttribute(name) ?? '', `${name}: `)
    }
    look(document.title, 'title of the page: ')
    return [...new Set(found)]
  }, [...sameInChinese])
  assert.equal(left.length, 0, `not Chinese on ${where}:\n  ${left.join('\n  ')}`)
}

// No text of the console is the name of a text, in any language.
export async function worded(page, where) {
  const keys = await page.evaluate(() => {
    const skip = 'bdi, code, kbd, pre, .mono, option, [dir=auto], time, script, style'
    const isKey = (text) => /^[a-z]+[A-Za-z]*(?:\.[a-z][A-Za-z_]*)+$/.test(text)
    const texts = [...document.querySelectorAll('body *')].filter((element) => !element.closest(skip)).flatMap((element) => [
      ...[...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data),
      ...['aria-label', 'title', 'placeholder'].map((name) => element.getAttribute(name) ?? ''),
    ])
    const braced = texts.filter((text) => /\{[a-z]+\}/i.test(text))
    return [...new Set([document.title, ...texts].map((text) => text.trim()).filter(isKey)), ...braced]
  })
  assert.deepEqual(keys, [], `names of texts instead of texts on ${where}`)
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
