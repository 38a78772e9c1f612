// Starts Chromium and gives pages that report what must never happen: script errors, blocked content, calls to other origins.
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'

const candidates = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

export async function launch() {
  const executablePath = candidates.find((path) => path && existsSync(path))
  if (!executablePath) throw new Error('no Chromium: apt-get install chromium, or set CHROMIUM to its path')
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

// A page in a context of its own, with the list of its problems.
export async function openPage(browser, base, options = {}) {
  const { viewport = { width: 1280, height: 800 }, colorScheme = 'light', locale = 'en-GB' } = options
  const context = await browser.newContext({ viewport, colorScheme, locale, baseURL: base, permissions: ['clipboard-write', 'clipboard-read'] })
  const page = await context.newPage()
  const problems = []
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
