// What people do with standing policies.
import assert from 'node:assert/strict'
import { openPage } from '../browser.mjs'
import { accessible, clean, fits, live, shot } from '../checks.mjs'
import { api, confirmed, field, unique } from '../steps.mjs'
import { until } from '../stand.mjs'

const taskOf = (stand, repository) => ({ images: [stand.image(repository)] })

async function madeBy(stand, repository, more = {}) {
  const made = await api(stand, 'POST', '/api/v1/policies', { name: unique(repository), taskConfig: taskOf(stand, repository), ...more })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  return made.body
}

const gone = (stand, id) => api(stand, 'DELETE', `/api/v1/policies/${id}`)

// From an empty form with a look at what it would find, to what became of it on the screen without a reload, paused with a reason, resumed, edited, deleted.
async function policyLife(browser, stand, setting) {
  await stand.behave({ image: 'kept', ends_after_ms: [50, 200] })
  const { page, problems, close } = await openPage(browser, stand)
  const name = unique('base')
  await page.goto('/policies/new')
  await page.getByText('Name an image, a tag of the library or workloads').waitFor()
  await field(page, 'Name').fill(name)
  await field(page, 'Images').fill(stand.image('kept'))
  await page.getByText(`${stand.nodes} nodes · 1 image`).waitFor({ timeout: 20_000 })
  await accessible(page, 'policy form')
  await shot(page, setting, 'policy-form')
  await page.getByRole('button', { name: 'Create policy' }).click()
  await page.waitForURL((url) => /^\/policies\/(?!new)[^/]+$/.test(url.pathname))
  await page.getByRole('heading', { name }).waitFor()
  const id = new URL(page.url()).pathname.split('/').pop()
  // Nobody reloads: the stream says that it changed. Simulated nodes never show what they pulled.
  await page.getByText('It was pulled; the inventory has not shown it yet').first().waitFor({ timeout: 60_000 })
  await accessible(page, 'policy')
  await shot(page, setting, 'policy')

  await page.getByRole('button', { name: 'Pause', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await field(dialog, 'Reason').fill('maintenance of the shop')
  await accessible(page, 'pause policy')
  await dialog.getByRole('button', { name: 'Pause' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.getByText('maintenance of the shop').first().waitFor()
  await page.goto('/policies')
  const row = page.locator('tr', { hasText: name })
  await row.getByText('Paused', { exact: true }).waitFor()
  await row.getByText('maintenance of the shop').waitFor()
  await accessible(page, 'policies')
  await shot(page, setting, 'policies')
  await row.getByRole('button', { name: `Resume: ${name}` }).click()
  await row.getByText('Warming', { exact: true }).waitFor()

  await row.getByRole('button', { name: `Edit: ${name}` }).click()
  await field(page, 'When a tag moves').selectOption('alert')
  await field(page, 'Description').fill('what every node needs')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await page.waitForURL(/\/policies\/[^/]+$/)
  await page.getByText('what every node needs').waitFor()
  const saved = (await api(stand, 'GET', `/api/v1/policies/${id}`)).body
  assert.equal(saved.tagFollowing.mode, 'alert')
  assert.deepEqual(saved.taskConfig.images, [stand.image('kept')])

  await page.goto('/')
  await page.getByRole('link', { name }).waitFor()
  const tasks = (await api(stand, 'GET', '/api/v1/tasks?limit=100')).body.tasks
  const ordered = tasks.find((task) => task.policyId === id)
  await page.goto(`/tasks/${ordered.taskId}`)
  await page.getByRole('link', { name: 'Ordered by a policy' }).click()
  await page.waitForURL(new RegExp(`/policies/${id}$`))

  await page.getByRole('button', { name: 'Delete' }).click()
  await accessible(page, 'delete policy')
  await confirmed(page, name, 'Delete')
  await page.waitForURL(/\/policies$/)
  assert.equal((await api(stand, 'GET', `/api/v1/policies/${id}`)).status, 404)
  clean(problems, 'policy')
  await close()
}

// A policy on the screen while its nodes get warm: nobody reloads, and the overview has no trouble to tell of.
async function policyGetsWarm(browser, stand, setting) {
  await stand.behave({ image: 'base-of-all', ends_after_ms: [500, 4000], listed: true })
  const policy = await madeBy(stand, 'base-of-all')
  const { page, problems, close } = await openPage(browser, stand)
  await page.goto(`/policies/${policy.id}`)
  const head = page.locator('main header')
  await head.getByText('Warming', { exact: true }).waitFor()
  await page.evaluate(() => (window.stayed = true))
  await head.getByText('Warm', { exact: true }).waitFor({ timeout: 60_000 })
  assert.equal((await api(stand, 'GET', `/api/v1/policies/${policy.id}`)).body.coverage.warm, stand.nodes)
  assert.equal(await page.evaluate(() => window.stayed), true, 'the page was not loaded anew')
  await accessible(page, 'warm policy')
  await shot(page, setting, 'policy-warm')
  await page.goto('/')
  await page.getByRole('link', { name: policy.name }).waitFor()
  assert.equal(await page.getByText(`Policy ${policy.name}`).count(), 0)
  await gone(stand, policy.id)
  clean(problems, 'warm policy')
  await close()
}

// What is cold, and why; found by state, in the address.
async function coldCells(browser, stand, setting) {
  await stand.behave({ image: 'refused', ends_after_ms: [50, 100], refused: true })
  const policy = await madeBy(stand, 'refused', { name: unique('refused') })
  await until('a pull to fail', async () => (await stand.get(`/api/v1/policies/${policy.id}/coverage?state=cold`)).cells.some(({ reason }) => reason === 'pull_failed'))
  const { page, problems, close } = await openPage(browser, stand)
  await page.goto(`/policies/${policy.id}`)
  await page.getByRole('button', { name: /^Cold/ }).click()
  await page.getByText('The last pull failed').first().waitFor()
  assert.match(page.url(), /state=cold/)
  await accessible(page, 'cold cells')
  await shot(page, setting, 'policy-cold')
  await page.getByRole('button', { name: /^Warm/ }).click()
  await page.getByText('Nothing is in this state.').waitFor()
  await page.reload()
  await page.getByText('Nothing is in this state.').waitFor()
  await gone(stand, policy.id)
  await page.goto('/policies/no-such-policy')
  await page.getByRole('heading', { name: 'This policy is not there' }).waitFor()
  clean(problems, 'cold cells')
  await close()
}

// The coordinator's refusal stands at its field.
async function refusedPolicy(browser, stand) {
  const { page, problems, close } = await openPage(browser, stand)
  await page.goto('/policies/new?images=docker.io/library/busybox:1.37')
  await page.getByRole('button', { name: 'Create policy' }).click()
  await page.locator('input[aria-invalid=true]').first().waitFor()
  assert.ok(await field(page, 'Name').evaluate((element) => element === document.activeElement), 'the refused field has the focus')
  await accessible(page, 'refused policy')
  clean(problems, 'refused policy')
  await close()
}

// What a policy keeps is not purged, image by image with the reason; its own images go once it is paused, and so do those of a task.
async function purges(browser, stand, setting) {
  await stand.behave({ image: 'kept', ends_after_ms: [50, 200] })
  const policy = await madeBy(stand, 'kept')
  await stand.post('/api/v1/library', { image: stand.image('kept') })
  const { page, problems, close } = await openPage(browser, stand)
  const dialog = page.getByRole('dialog')
  await page.goto('/library')
  await page.getByRole('row', { name: /kept/ }).getByRole('checkbox').check()
  await page.getByRole('button', { name: 'Remove from nodes' }).click()
  await dialog.getByText(`${stand.nodes} kept by a policy`).waitFor({ timeout: 30_000 })
  await dialog.getByText('A policy keeps it, and would bring it back.').first().waitFor()
  assert.equal(await dialog.getByRole('button', { name: 'Remove 0' }).getAttribute('aria-disabled'), 'true')
  await accessible(page, 'purge')
  await shot(page, setting, 'purge')
  await page.keyboard.press('Escape')

  // Simulated agents remove nothing: the answers of agents are written here, the questions are the page's own.
  const asked = []
  await page.route('**/api/v1/purges', (route) => {
    const body = route.request().postDataJSON()
    asked.push(body)
    const result = body.dryRun ? 'would_remove' : 'removed'
    const rows = [{ nodeName: 'node-00000', image: stand.image('kept'), result, message: '' }, { nodeName: 'node-00001', image: stand.image('kept'), result: 'in_use', message: 'container web' }]
    return route.fulfill({ json: { dryRun: body.dryRun, results: rows, counts: { [result]: 1, in_use: 1 } } })
  })
  await page.goto(`/policies/${policy.id}`)
  const open = page.getByRole('button', { name: 'Remove its images' })
  await open.waitFor()
  assert.match(await open.getAttribute('title'), /Pause the policy first/)
  await api(stand, 'POST', `/api/v1/policies/${policy.id}/pause`, {})
  await page.locator('button:not([aria-disabled])', { hasText: 'Remove its images' }).click()
  await dialog.getByText(stand.image('kept')).first().waitFor()
  await dialog.getByText('container web').waitFor()
  await dialog.getByRole('button', { name: 'Remove 1' }).click()
  await page.getByRole('dialog', { name: 'What became of the images' }).getByText('It was removed.').waitFor()
  await accessible(page, 'purged')
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  const { taskId } = await stand.post('/api/v1/tasks', { images: [stand.image('kept')], nodeNames: ['node-00000'] })
  await stand.ended(taskId)
  await page.goto(`/tasks/${taskId}`)
  await page.locator('button:not([aria-disabled])', { hasText: 'Remove its images' }).click()
  await dialog.getByRole('button', { name: 'Remove 1' }).waitFor()
  const of = (id) => asked.filter((body) => Object.values(body).includes(id)).map(({ dryRun }) => dryRun)
  assert.deepEqual([of(policy.id), of(taskId)], [[true, false], [true]], 'first asked, then told')
  await gone(stand, policy.id)
  clean(problems, 'purges')
  await close()
}

// Who only looks sees everything and can press nothing, with the reason.
async function policyOfViewer(browser, stand) {
  const policy = await madeBy(stand, 'kept', { paused: true })
  const who = { username: unique('eve'), password: 'a password for the stories' }
  await stand.post('/api/v1/users', { ...who, role: 'viewer' })
  const first = await stand.logIn(who)
  const other = 'another password for the stories'
  await fetch(`${stand.url}/api/v1/users/${first.user.id}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${first.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ currentPassword: who.password, password: other }),
  })
  const { page, problems, close } = await openPage(browser, stand, { who: { ...who, password: other } })
  await page.goto(`/policies/${policy.id}`)
  for (const name of ['Resume', 'Edit', 'Delete']) {
    const button = page.getByRole('button', { name, exact: false }).first()
    await button.waitFor()
    assert.equal(await button.getAttribute('aria-disabled'), 'true', `${name} is switched off`)
    assert.match(await button.getAttribute('title'), /operator/)
  }
  await page.goto('/policies/new')
  await page.getByRole('heading', { name: 'This page is not for your role' }).waitFor()
  await gone(stand, policy.id)
  clean(problems, 'policy of a viewer')
  await close()
}

// Names of markup, of many letters and right to left do not push anything out of a phone.
async function oddNames(browser, stand, setting) {
  const names = ['<b onclick="x()">bold</b>', 'n'.repeat(255), 'سياسة التسخين المسبق']
  const made = await Promise.all(names.map((name) => madeBy(stand, 'kept', { name: `${name.slice(0, 240)}${unique('-')}`, paused: true })))
  const { page, problems, close } = await openPage(browser, stand, { viewport: { width: 360, height: 740 } })
  for (const path of ['/policies', ...made.map(({ id }) => `/policies/${id}`)]) {
    await page.goto(path)
    await live(page)
    await page.getByText(made[0].name).first().or(page.getByRole('heading', { level: 1 })).first().waitFor()
    await fits(page, path)
  }
  await shot(page, setting, 'policy-odd-phone')
  await Promise.all(made.map(({ id }) => gone(stand, id)))
  clean(problems, 'odd names')
  await close()
}

export const stories = [
  { name: 'a policy from the form to its end', run: policyLife },
  { name: 'a policy gets warm on the screen', run: policyGetsWarm },
  { name: 'cold cells of a policy with the reason', run: coldCells },
  { name: 'images that are purged', run: purges },
  { name: 'a refused policy', run: refusedPolicy },
  { name: 'a policy that a viewer sees', run: policyOfViewer },
  { name: 'policies with odd names', run: oddNames },
]
