// Measures the console in headless Chromium against a real coordinator with simulated agents, and ends with one line RESULT.
//   first_view_kb   JavaScript (gzip) that a cold load of the overview fetches before it shows what it is about
//   first_rows_ms   cold load of /tasks until its first row is painted
//   grid_paint_ms   from the click on a task with 10,000 pulls until its grid is painted
//   grid_fps        frames a second while 1,000 pulls change each second and are painted (fewer painted than 900 a second is an error)
//   heap_growth_mib live heap at the end minus live heap after the first minute (MINUTES=30 for the long run; default 3)
import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import { Stand } from './stand.mjs'
import { live } from './checks.mjs'

const nodes = Number(process.env.NODES ?? 2500)
const imagesOfTask = 4
const minutes = Number(process.env.MINUTES ?? 3)
// Each pull reports at such a pace that a thousand of all change in a second.
const progressMs = nodes * imagesOfTask
const leastPainted = 900

const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => path && existsSync(path))
const stand = await Stand.start({ nodes, images: 20 })
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage', '--js-flags=--expose-gc', '--enable-precise-memory-info'] })

async function open(path) {
  const login = await stand.logIn()
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, baseURL: stand.url, locale: 'en-GB' })
  const page = await context.newPage()
  await page.addInitScript((token) => sessionStorage.setItem('ips.refresh', sessionStorage.getItem('ips.refresh') ?? token), login.refreshToken)
  const scripts = []
  page.on('response', (response) => {
    if (response.url().endsWith('.js')) scripts.push(response)
  })
  await page.addInitScript(() => {
    const look = () => {
      if (document.querySelector('tbody tr')) requestAnimationFrame(() => requestAnimationFrame(() => (window.firstRows = performance.now())))
      else requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  })
  await page.goto(path)
  return { page, scripts, context }
}

async function firstView() {
  const { page, scripts, context } = await open('/')
  // What runs, and the figures beside it, not the heading alone.
  await page.waitForSelector('main h1')
  await page.waitForSelector('main a[href^="/tasks/task-"]')
  await page.getByText('Throughput').first().waitFor()
  const seen = [...scripts]
  let bytes = 0
  for (const response of seen) bytes += gzipSync(await response.body(), { level: 9 }).length
  await context.close()
  return bytes / 1024
}

async function firstRows() {
  const times = []
  for (let run = 0; run < 5; run += 1) {
    const { page, context } = await open('/tasks')
    await page.waitForFunction(() => window.firstRows)
    times.push(await page.evaluate(() => window.firstRows))
    await context.close()
  }
  return times.sort((a, b) => a - b)[2]
}

const heap = (page) => page.evaluate(() => {
  globalThis.gc()
  return performance.memory.usedJSHeapSize / 1024 / 1024
})

// Frames and painted cells over some seconds.
const frames = (page, seconds) => page.evaluate((ms) => new Promise((resolve) => {
  const canvas = document.querySelector('canvas')
  const start = performance.now()
  let count = 0
  let painted = 0
  const tick = () => {
    count += 1
    painted += Number(canvas.dataset.painted ?? 0)
    canvas.dataset.painted = '0'
    const passed = performance.now() - start
    if (passed < ms) requestAnimationFrame(tick)
    else resolve({ fps: (count / passed) * 1000, painted: (painted / passed) * 1000 })
  }
  requestAnimationFrame(tick)
}), seconds * 1000)

let code = 0
try {
  await stand.call('PUT', '/api/v1/limits', { clusterPulls: 100_000, registryDefault: {}, registries: [] })
  await stand.behave({ image: 'busy', ends_after_ms: null, progress_every_ms: progressMs })
  const images = Array.from({ length: imagesOfTask }, (_, index) => stand.image(`busy-${index}`))
  const { taskId } = await stand.post('/api/v1/tasks', { images })
  let running = 0
  while (running < nodes * imagesOfTask) {
    running = (await stand.get(`/api/v1/tasks/${taskId}`)).progress.runningPulls
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  const firstViewKb = await firstView()
  const firstRowsMs = await firstRows()

  const { page } = await open('/tasks')
  await page.waitForSelector('tbody tr')
  const started = await page.evaluate(() => performance.now())
  await page.locator('tbody tr a').first().click()
  const painted = await page.evaluate(() => new Promise((resolve) => {
    const look = () => {
      if (Number(document.querySelector('canvas')?.dataset.painted ?? 0) > 0) resolve(performance.now())
      else requestAnimationFrame(look)
    }
    look()
  }))
  await live(page)
  await page.waitForTimeout(5000)
  const { fps, painted: changes } = await frames(page, 20)
  console.log(`grid: ${(nodes * imagesOfTask).toLocaleString('en')} pulls, ${changes.toFixed(0)} cells painted a second`)
  await page.waitForTimeout(40_000)
  const before = await heap(page)
  await page.waitForTimeout(minutes * 60_000)
  const growth = (await heap(page)) - before
  console.log(`heap: ${before.toFixed(1)} MiB, ${minutes} minutes later ${(before + growth).toFixed(1)} MiB`)
  assert.ok(changes >= leastPainted, `only ${changes.toFixed(0)} cells were painted a second: the frames say nothing`)
  const figures = { first_view_kb: firstViewKb, first_rows_ms: firstRowsMs, grid_paint_ms: painted - started, grid_fps: fps, heap_growth_mib: growth }
  const text = Object.entries(figures).map(([name, value]) => `${name}=${value.toFixed(name.endsWith('_ms') ? 0 : 1)}`)
  console.log(`RESULT ${text.join(' ')}`)
} catch (error) {
  console.error(error)
  code = 1
} finally {
  await browser.close()
  await stand.stop()
}
process.exitCode = code
