// Bad input and bad days: markup in names, endless names, right-to-left text, errors and silence on every call, what was deleted elsewhere.
import assert from 'node:assert/strict'
import { accessible, clean, fits, live, shot } from '../checks.mjs'
import { openPage } from '../browser.mjs'

const pages = ['/', '/tasks', '/tasks/new', '/schedules', '/coverage', '/library', '/nodes', '/registries', '/notifications', '/users', '/tokens', '/audit', '/settings', '/about']

// What the API answers is not trusted to be nice.
async function strangeNames(browser, stand, setting) {
  const { page, problems, close } = await openPage(browser, stand, { viewport: { width: 360, height: 740 } })
  const long = 'x'.repeat(10_000)
  const strange = ['<img src=x onerror=alert(1)>', `registry.example.com/${long}:1`, 'ثحم/صورة:١', '"><script>document.title="owned"</script>']
  await page.route(/\/api\/v1\/tasks\?/, async (route) => {
    const answer = await route.fetch()
    const body = await answer.json()
    body.tasks = strange.map((image, index) => ({ ...sample, taskId: `strange-${index}`, images: [image], errorMessage: image }))
    body.total = strange.length
    await route.fulfill({ response: answer, json: body })
  })
  await page.goto('/tasks')
  await page.getByRole('row').nth(strange.length).waitFor({ state: 'attached' })
  await fits(page, 'strange names')
  await accessible(page, 'strange names')
  await shot(page, setting, 'strange-names')
  assert.notEqual(await page.title(), 'owned')
  assert.equal(await page.locator('main img[src=x]').count(), 0)
  await page.goto('/tasks/new')
  await page.getByLabel('Images').fill(strange.join('\n'))
  await page.waitForTimeout(1500)
  await fits(page, 'strange names in the form')
  clean(problems, 'strange names')
  await close()
}

const sample = {
  status: 'failed', priority: 5, maxRetries: 0, retryCount: 0, retryStrategy: 'linear', retryDelay: 30, pullTimeoutSeconds: 3600, noProgressTimeoutSeconds: 300,
  batchMode: 'rolling', successThreshold: 100, pullPolicy: 'IfNotPresent', resolvedImages: [], failures: [], createdAt: '2026-11-24T02:00:00.000Z',
  progress: {
    totalNodes: 1, completedNodes: 0, failedNodes: 1, currentBatch: 0, totalBatches: 0, percentage: 0, totalPulls: 1, queuedPulls: 0, runningPulls: 0,
    succeededPulls: 0, failedPulls: 1, skippedPulls: 0, cancelledPulls: 0, bytes: { total: 0, fetched: 0, alreadyThere: 0, notNeeded: 0, unpacked: 0 },
    bytesMoved: 0, bytesSaved: 0, throughputBytesPerSecond: 0,
  },
}

// Each page says what is wrong, with code, request id and next step, and is whole again after "try again".
async function errorsEverywhere(browser, stand, setting) {
  await stand.post('/api/v1/tasks', { images: [stand.image('listed')], nodeNames: ['node-00000'] })
  const { page, problems, close } = await openPage(browser, stand)
  const error = { error: 'Internal error', code: 'internal', requestId: 'request-of-the-story' }
  const broken = /\/api\/v1\/(?!login|refresh|me$|me\?|events|auth)/
  for (const path of pages) {
    await page.route(broken, (route) => route.fulfill({ status: 500, contentType: 'application/json', body: JSON.stringify(error) }))
    await page.goto(path)
    await page.getByRole('heading', { level: 1 }).waitFor()
    // A form asks for nothing at first; nodes come by the stream.
    if (!['/tasks/new', '/coverage'].includes(path)) {
      await page.getByText('request-of-the-story').first().waitFor({ timeout: 15_000 }).catch(() => assert.fail(`${path} does not show the error`))
    }
    await accessible(page, `${path} with errors`)
    if (path === '/tasks') await shot(page, setting, 'errors')
    await page.unroute(broken)
  }
  await page.goto('/tasks')
  await page.route(/\/api\/v1\/tasks\?/, (route) => route.abort())
  await page.reload()
  await page.getByText('The coordinator can’t be reached').waitFor({ timeout: 30_000 })
  await page.unroute(/\/api\/v1\/tasks\?/)
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByRole('row').nth(1).waitFor()
  clean(problems, 'errors')
  await close()
}

// A task that somebody deletes while it is open says so.
async function deletedElsewhere(browser, stand) {
  await stand.behave({ image: 'gone', ends_after_ms: [50, 100] })
  const { taskId } = await stand.post('/api/v1/tasks', { images: [stand.image('gone')] })
  await stand.ended(taskId)
  const { page, problems, close } = await openPage(browser, stand)
  await page.goto(`/tasks/${taskId}`)
  await page.getByRole('application').waitFor()
  await live(page)
  await stand.call('DELETE', `/api/v1/tasks/${taskId}?mode=delete`)
  await page.getByRole('heading', { name: 'This task is not there' }).waitFor()
  clean(problems, 'deleted elsewhere')
  await close()
}

// A stream that breaks is seen and comes back by itself.
async function brokenStream(browser, stand, setting) {
  const { page, close } = await openPage(browser, stand)
  const stream = '**/api/v1/events**'
  await page.route(stream, (route) => route.abort())
  await page.goto('/tasks')
  await page.waitForSelector('[data-status="reconnecting"]')
  await page.waitForSelector('[data-status="stale"]', { timeout: 30_000 })
  await accessible(page, 'stale')
  await shot(page, setting, 'stale')
  await page.unroute(stream)
  await live(page)
  await close()
}

// The coordinator restarts: the page says so, comes back without a reload, and shows what happened meanwhile.
async function restart(browser, stand) {
  const { page, problems, close } = await openPage(browser, stand)
  await page.goto('/tasks')
  await live(page)
  await page.evaluate(() => (window.stayed = true))
  await stand.stopCoordinator()
  await page.waitForSelector('[data-status="reconnecting"], [data-status="stale"]', { timeout: 20_000 })
  await stand.startCoordinator()
  await live(page)
  await stand.behave({ image: 'after', ends_after_ms: [50, 100] })
  const { taskId } = await stand.post('/api/v1/tasks', { images: [stand.image('after')] })
  await page.getByRole('row').filter({ hasText: taskId }).waitFor({ timeout: 20_000 })
  assert.equal(await page.evaluate(() => window.stayed), true, 'the page was not loaded anew')
  clean(problems, 'restart')
  await close()
}

export const stories = [
  { name: 'strange names stay names', run: strangeNames },
  { name: 'errors on every call', run: errorsEverywhere },
  { name: 'a task that is deleted elsewhere', run: deletedElsewhere },
  { name: 'a broken stream is seen and comes back', run: brokenStream },
  { name: 'the coordinator restarts under an open page', run: restart },
]
