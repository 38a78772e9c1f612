// Starts Chromium and gives pages that report what must never happen: script errors, blocked content, calls to other origins.
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'

const candidates = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

export async function launch() {
  const executablePath = candidates.find((path) => path && existsSync(path))
  if (!executablePath) throw new Error('no Chromium: apt-get install chromium, or set CHROMIUM to its path')
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

// A page in a context of its own, with the list of its problems. Logged in as the admin, unless `who` says otherwise (null: nobody).
export async function openPage(browser, stand, options = {}) {
  const { viewport = { width: 1280, height: 800 }, colorScheme = 'light', locale = 'en-GB', reducedMotion, who } = options
  const login = who === null ? undefined : await stand.logIn(who)
  const context = await browser.newContext({ viewport, colorScheme, locale, reducedMotion, baseURL: stand.url, permissions: ['clipboard-write', 'clipboard-read'] })
  const page = await context.newPage()
  const problems = []
  const asked = countRequests(page)
  await page.addInitScript((refresh) => {
    // Once: after that the page keeps its own.
    if (!refresh || sessionStorage.getItem('test.seeded')) return
    sessionStorage.setItem('test.seeded', 'yes')
    sessionStorage.setItem('ips.refresh', refresh)
  }, login?.refreshToken ?? '')
  watch(page, stand, problems)
  return { page, problems, context, quiet: () => quiet(page, asked), close: () => context.close() }
}

// Requests that have not been answered; the stream of changes never is.
function countRequests(page) {
  const open = new Set()
  page.on('request', (request) => {
    if (!request.url().includes('/api/v1/events')) open.add(request)
  })
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => open.delete(request))
  return open
}

// Until everything that the page asked for is there, and nothing more was asked for a moment; not for ever.
async function quiet(page, open) {
  for (let calm = 0, passes = 0; calm < 3 && passes < 60; passes += 1) {
    calm = open.size === 0 ? calm + 1 : 0
    await page.waitForTimeout(50)
  }
}

export async function watch(page, stand, problems) {
  page.on('pageerror', (error) => problems.push(`script error: ${error.message}`))
  page.on('console', (message) => {
    // Refused requests are part of the stories; the page must show them, Chromium also logs them.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) problems.push(message.text())
  })
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.origin !== new URL(stand.url).origin && url.protocol.startsWith('http')) problems.push(`call to another origin: ${request.url()}`)
  })
}
