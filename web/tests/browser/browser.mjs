// Starts Chromium and gives pages that report what must never happen: script errors, blocked content, calls to other origins.
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'

const candidates = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

export async function launch() {
  const executablePath = candidates.find((path) => path && existsSync(path))
  if (!executablePath) throw new Error('no Chromium: apt-get install chromium, or set CHROMIUM to its path')
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

// Logs in by the API; undefined where the coordinator asks nobody who it is.
export async function logIn(base) {
  const me = await fetch(`${base}/api/v1/me`)
  if (me.status !== 401) return undefined
  const body = JSON.stringify({ username: process.env.IPS_USER ?? 'admin', password: process.env.IPS_PASSWORD ?? '' })
  const answer = await fetch(`${base}/api/v1/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  if (!answer.ok) throw new Error(`IPS_USER and IPS_PASSWORD do not log in: ${answer.status} ${await answer.text()}`)
  return answer.json()
}

// A page in a context of its own, with the list of its problems. Logged in, unless `loggedOut` is set.
export async function openPage(browser, base, options = {}) {
  const login = options.loggedOut ? undefined : await logIn(base)
  const { viewport = { width: 1280, height: 800 }, colorScheme = 'light', locale = 'en-GB' } = options
  const context = await browser.newContext({ viewport, colorScheme, locale, baseURL: base, permissions: ['clipboard-write', 'clipboard-read'] })
  const page = await context.newPage()
  const problems = []
  await page.addInitScript((refresh) => {
    // Once: after that the page keeps its own.
    if (!refresh || sessionStorage.getItem('test.seeded')) return
    sessionStorage.setItem('test.seeded', 'yes')
    sessionStorage.setItem('ips.refresh', refresh)
  }, login?.refreshToken ?? '')
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`CSP blocked ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`)
    })
  })
  page.on('pageerror', (error) => problems.push(`script error: ${error.message}`))
  page.on('console', (message) => {
    // Refused requests are part of the tests; the page must show them, Chromium also logs them.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) problems.push(message.text())
  })
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.origin !== new URL(base).origin && url.protocol.startsWith('http')) problems.push(`call to another origin: ${request.url()}`)
  })
  return { page, problems, close: () => context.close() }
}
