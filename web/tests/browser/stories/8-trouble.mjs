// Bad input and bad days: markup in names, endless names, right-to-left text, errors and silence on every call, what was deleted elsewhere.
import assert from 'node:assert/strict'
import { accessible, clean, fits, live, shot } from '../checks.mjs'
import { openPage } from '../browser.mjs'
import { field } from '../steps.mjs'
import { admin } from '../stand.mjs'

const lists = ['/', '/tasks', '/policies', '/schedules', '/library', '/nodes', '/registries', '/notifications', '/users', '/tenants', '/tokens', '/audit', '/settings', '/about']
const details = ['/tasks/some-task', '/policies/some-policy', '/policies/some-policy/edit', '/schedules/some-schedule', '/schedules/some-schedule/edit', '/nodes/node-00000']
// These ask for nothing that they could not do without.
const forms = ['/tasks/new', '/coverage', '/policies/new', '/schedules/new']
// Everything but the log-in and the stream.
const calls = /\/api\/v1\/(?!login|refresh|me$|me\?|events|auth)/
// What a task is comes by the stream as well: its page fails only without it.
const stream = /\/api\/v1\/events/

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
  for (const path of [...lists, ...details, ...forms]) {
    await page.route(calls, (route) => route.fulfill({ status: 500, contentType: 'application/json', body: JSON.stringify(error) }))
    if (path.startsWith('/tasks/some')) await page.route(stream, (route) => route.abort())
    await page.goto(path)
    await page.getByRole('heading', { level: 1 }).waitFor()
    if (!forms.includes(path)) {
      await page.getByText('request-of-the-story').first().waitFor({ timeout: 15_000 }).catch(() => assert.fail(`${path} does not show the error`))
    }
    await accessible(page, `${path} with errors`)
    if (path === '/tasks') await shot(page, setting, 'errors')
    await page.unrouteAll()
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

// From now on nobody answers such calls. Gives what waits until the page has asked, and asks for nothing more.
async function unanswered(page, patterns) {
  let asked = 0
  for (const pattern of patterns) await page.route(pattern, () => void (asked += 1))
  return async () => {
    for (let calm = 0, before = 0; calm < 5; before = asked) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      calm = asked > 0 && asked === before ? calm + 1 : 0
    }
  }
}

// Calls that nobody answers: after some time each page says so and is whole again after "try again".
async function silenceEverywhere(browser, stand, setting) {
  const { page, problems, close } = await openPage(browser, stand)
  await page.clock.install()
  const failures = []
  for (const path of [...lists, ...details]) {
    const asked = await unanswered(page, path.startsWith('/tasks/some') ? [calls, stream] : [calls])
    await page.goto(path)
    await asked()
    await page.clock.fastForward(41_000)
    const said = page.getByText('The coordinator can’t be reached').first()
    await said.waitFor({ timeout: 10_000 }).catch(() => failures.push(`${path} waits for ever`))
    if (path === '/tasks') await shot(page, setting, 'silence')
    await page.unrouteAll({ behavior: 'ignoreErrors' })
  }
  const asked = await unanswered(page, [calls])
  await page.goto('/tasks')
  await asked()
  await page.clock.fastForward(41_000)
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByRole('row').nth(1).waitFor()
  // What was typed stays when nobody answers the form.
  await page.goto('/tasks/new')
  await page.getByLabel('Images', { exact: true }).fill('registry.example.com/half/typed:1')
  const sent = await unanswered(page, [calls])
  await page.getByRole('button', { name: 'Create task' }).click()
  await sent()
  await page.clock.fastForward(41_000)
  await page.getByText('The coordinator can’t be reached').first().waitFor()
  assert.equal(await page.getByLabel('Images', { exact: true }).inputValue(), 'registry.example.com/half/typed:1')
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  assert.deepEqual(failures, [])
  clean(problems, 'silence')
  await close()
}

const refused = (route) =>
  route.request().url().endsWith('/login')
    ? route.continue()
    : route.fulfill({ status: 401, contentType: 'application/json', body: JSON.stringify({ error: 'Unauthorized', code: 'unauthenticated', requestId: 'r' }) })

// The log-in ends while a form is sent, in a page or in a dialog: they log in over it, and all they typed is there.
async function expiredInForms(browser, stand) {
  const forms = [
    { path: '/policies/new', name: 'Name', send: 'Create policy' },
    { path: '/schedules/new', name: 'Name', send: 'Create schedule' },
    { path: '/users', open: 'Add user', name: 'User name', send: 'Add' },
    { path: '/registries', open: 'Add credential', name: 'Name', send: 'Add' },
    { path: '/notifications', open: 'Add channel', name: 'Name', send: 'Add' },
  ]
  const failures = []
  for (const form of forms) {
    const { page, close } = await openPage(browser, stand)
    const attempt = async () => {
      await page.goto(form.path)
      if (form.open) await page.getByRole('button', { name: form.open }).click()
      const scope = form.open ? page.getByRole('dialog') : page.locator('main')
      await field(scope, form.name).fill('half typed')
      await page.route('**/api/v1/**', refused)
      await scope.getByRole('button', { name: form.send, exact: true }).click()
      const again = page.getByRole('dialog', { name: 'Log in again' })
      await again.waitFor({ timeout: 20_000 })
      await page.unroute('**/api/v1/**')
      await again.getByLabel('Password').fill(admin.password)
      await again.getByRole('button', { name: 'Log in' }).click()
      await again.waitFor({ state: 'detached' })
      assert.equal(await field(page, form.name).inputValue(), 'half typed')
    }
    await attempt().catch((error) => failures.push(`${form.path}: ${error.message}`))
    await close()
  }
  assert.deepEqual(failures, [])
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
  { name: 'silence on every call', run: silenceEverywhere },
  { name: 'a log-in that ends in each form', run: expiredInForms },
  { name: 'a task that is deleted elsewhere', run: deletedElsewhere },
  { name: 'a broken stream is seen and comes back', run: brokenStream },
  { name: 'the coordinator restarts under an open page', run: restart },
]
