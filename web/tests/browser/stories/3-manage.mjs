// What people do with schedules, the library, registries and channels.
import assert from 'node:assert/strict'
import { openPage } from '../browser.mjs'
import { accessible, clean, shot } from '../checks.mjs'
import { api, confirmed, field, unique } from '../steps.mjs'

// From an empty form to a run, then edited, switched off and deleted.
async function scheduleLife(browser, stand, setting) {
  const { page, problems, close } = await openPage(browser, stand)
  const name = unique('nightly')
  await page.goto('/schedules/new')
  await field(page, 'Name').fill(name)
  await field(page, 'Timetable').fill('61 * * * *')
  await page.getByText('The first word is the minute: 0 to 59.').waitFor()
  await page.getByRole('button', { name: 'Monday to Friday at 6' }).click()
  assert.equal(await page.locator('.preview time').count(), 5, 'five next runs are shown while typing')
  await field(page, 'Time zone').fill('Asia/Tokyo')
  await page.getByText('Zone of the schedule (Asia/Tokyo)').waitFor({ state: 'attached' })
  await field(page, 'Images').fill('docker.io/library/busybox:1.37')
  await accessible(page, 'schedule form')
  await shot(page, setting, 'schedule-form')
  await page.getByRole('button', { name: 'Create schedule' }).click()
  await page.waitForURL(/\/schedules\/sched-/)
  await page.getByRole('heading', { name }).waitFor()
  const id = new URL(page.url()).pathname.split('/').pop()
  await accessible(page, 'schedule')
  await shot(page, setting, 'schedule')

  await page.getByRole('button', { name: 'Edit' }).click()
  await field(page, 'Timetable').fill('@hourly')
  await field(page, 'Retries').fill('2')
  await field(page, 'Seconds before a retry').fill('1')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await page.waitForURL(/\/schedules\/sched-[^/]+$/)
  const saved = (await api(stand, 'GET', `/api/v1/scheduled-tasks/${id}`)).body
  assert.equal(saved.cronExpr, '@hourly')
  assert.equal(saved.taskConfig.maxRetries, 2)
  assert.equal(saved.taskConfig.retryDelay, 1)
  assert.deepEqual(saved.taskConfig.images, ['docker.io/library/busybox:1.37'])

  await page.getByRole('button', { name: 'Switch off' }).click()
  const run = page.getByRole('button', { name: 'Run now' })
  await page.locator('button[aria-disabled=true]', { hasText: 'Run now' }).waitFor()
  assert.match(await run.getAttribute('title'), /Switch it on first/)
  await page.getByRole('button', { name: 'Switch on' }).click()
  await page.locator('button:not([aria-disabled])', { hasText: 'Run now' }).waitFor()

  // Runs are there with their result, and can be looked for by it.
  const run2 = await api(stand, 'POST', `/api/v1/scheduled-tasks/${id}/trigger`)
  await page.reload()
  if (run2.status === 200) {
    await page.locator('td', { hasText: 'started by hand' }).first().waitFor()
    await page.getByRole('button', { name: 'Left out', exact: true }).click()
    await page.getByText('No run has ended like this.').waitFor()
    assert.match(page.url(), /status=skipped/)
    await shot(page, setting, 'schedule-runs')
    await api(stand, 'POST', `/api/v1/tasks/${run2.body.taskId}/cancel`)
  }

  await page.getByRole('button', { name: 'Delete' }).click()
  await accessible(page, 'delete schedule')
  await confirmed(page, name, 'Delete')
  await page.waitForURL(/\/schedules$/)
  assert.equal((await api(stand, 'GET', `/api/v1/scheduled-tasks/${id}`)).status, 404)
  clean(problems, 'schedule')
  await close()
}

// The coordinator's refusal appears at its field, and the cursor is there.
async function refusedSchedule(browser, stand) {
  const { page, problems, close } = await openPage(browser, stand)
  await page.goto('/schedules/new')
  await field(page, 'Images').fill('docker.io/library/busybox:1.37')
  await page.getByRole('button', { name: 'Create schedule' }).click()
  await page.locator('input[aria-invalid=true]').first().waitFor()
  assert.ok(await field(page, 'Name').evaluate((element) => element === document.activeElement), 'the refused field has the focus')
  assert.equal(await field(page, 'Images').inputValue(), 'docker.io/library/busybox:1.37', 'what was typed stays')
  await accessible(page, 'refused schedule')
  // What could never run is not saved.
  await field(page, 'Name').fill(unique('many'))
  await field(page, 'Images').fill(Array.from({ length: 51 }, (_, index) => `registry.example.com/app:${index}`).join('\n'))
  await page.getByRole('button', { name: 'Create schedule' }).click()
  await page.locator('textarea[aria-invalid=true]').waitFor()
  clean(problems, 'refused schedule')
  await close()
}

// A log-in that is chosen in the form is used by the schedule, and can't be deleted under it.
async function scheduleWithLogin(browser, stand, setting) {
  const { page, problems, close } = await openPage(browser, stand)
  const name = unique('team')
  const secret = await api(stand, 'POST', '/api/v1/secrets', { name, registry: 'registry.example.com', username: 'robot', password: 'not shown' })
  assert.equal(secret.status, 201, JSON.stringify(secret.body))
  await page.goto('/schedules/new?images=registry.example.com/team/app:1')
  await field(page, 'Name').fill(name)
  await page.getByRole('checkbox', { name }).check()
  await page.getByRole('button', { name: 'Create schedule' }).click()
  await page.waitForURL(/\/schedules\/sched-/)
  const id = new URL(page.url()).pathname.split('/').pop()
  const saved = (await api(stand, 'GET', `/api/v1/scheduled-tasks/${id}`)).body
  assert.deepEqual(saved.taskConfig.secretIds, [secret.body.id])
  await page.goto('/registries')
  await page.getByRole('button', { name: `Delete: ${name}` }).click()
  await confirmed(page, name, 'Delete')
  await page.getByText('The credential could not be deleted', { exact: true }).waitFor()
  await shot(page, setting, 'credential-in-use')
  await api(stand, 'DELETE', `/api/v1/scheduled-tasks/${id}`)
  await api(stand, 'DELETE', `/api/v1/secrets/${secret.body.id}`)
  clean(problems, 'schedule with a login')
  await close()
}

// Add, import with one line that is refused, filter by tag, remove.
async function libraryLife(browser, stand, setting) {
  const { page, problems, close } = await openPage(browser, stand)
  const tag = unique('t')
  const image = `registry.example.com/team/${tag}`
  await page.goto('/library')
  await page.getByRole('button', { name: 'Import' }).click()
  const dialog = page.getByRole('dialog')
  await field(dialog, 'Images').fill(`${image}:1 first #${tag}\n${image}:2 #${tag}\nregistry.example.com/Upper:1`)
  await dialog.getByText('Line 3: repository names are lower case').waitFor()
  await dialog.getByRole('button', { name: 'Import 3 images' }).click()
  await dialog.getByText('2 added, 0 were there, 1 refused').waitFor()
  await accessible(page, 'import results')
  await shot(page, setting, 'library-import')
  await dialog.getByRole('button', { name: 'Close', exact: true }).last().click()
  await page.goto(`/library?tag=${tag}`)
  await page.getByText('team/', { exact: false }).first().waitFor()
  assert.equal(await page.locator('tbody tr').count(), 2)
  await page.getByRole('checkbox', { name: 'Select all on this page' }).check()
  await page.getByText('2 selected').first().waitFor()
  await accessible(page, 'library selection')
  await shot(page, setting, 'library')
  await page.getByRole('button', { name: 'Remove', exact: true }).click()
  await confirmed(page, `${image}:1`, 'Remove')
  await page.getByRole('heading', { name: 'No image has this tag' }).waitFor()
  clean(problems, 'library')
  await close()
}

// A password goes in and never comes out: not into the page, not into an answer.
async function credentialLife(browser, stand, setting) {
  const { page, problems, close } = await openPage(browser, stand)
  const name = unique('harbor')
  const password = `pw-${unique('secret')}`
  const answers = []
  page.on('response', (answer) => {
    if (answer.url().includes('/api/v1/') && !answer.url().includes('/events')) answers.push(answer.text().catch(() => ''))
  })
  await page.goto('/registries')
  await page.getByRole('button', { name: 'Add credential' }).click()
  const dialog = page.getByRole('dialog')
  await field(dialog, 'Name').fill(name)
  await field(dialog, 'Registry').fill('127.0.0.1:9')
  await field(dialog, 'User name').fill('robot')
  await field(dialog, 'Password or token').fill(password)
  await accessible(page, 'credential form')
  await dialog.getByRole('button', { name: 'Add', exact: true }).click()
  await dialog.waitFor({ state: 'hidden' })
  const row = page.locator('tr', { hasText: name })
  await row.waitFor()
  await shot(page, setting, 'registries')
  await row.getByRole('button', { name: 'Test log-in' }).click()
  await page.getByRole('dialog').locator('.tag').waitFor()
  await accessible(page, 'credential test')
  await shot(page, setting, 'credential-test')
  await page.getByRole('dialog').getByRole('button', { name: 'Close', exact: true }).last().click()
  await row.getByRole('button', { name: `Change ${name}` }).click()
  assert.equal(await field(dialog, 'Password or token').inputValue(), '', 'a stored password is not in the form')
  await field(dialog, 'User name').fill('robot2')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await row.getByText('robot2').waitFor()
  await row.getByRole('button', { name: `Delete: ${name}` }).click()
  await confirmed(page, name, 'Delete')
  await row.waitFor({ state: 'detached' })
  const said = (await Promise.all(answers)).join('\n') + (await page.content())
  assert.ok(!said.includes(password), 'the password is nowhere')
  clean(problems, 'credentials')
  await close()
}

// A channel for every event, tested (nobody listens there), switched off, deleted.
async function channelLife(browser, stand, setting) {
  const { page, problems, close } = await openPage(browser, stand)
  const name = unique('ops')
  await page.goto('/notifications')
  await page.getByRole('button', { name: 'Add channel' }).click()
  const dialog = page.getByRole('dialog')
  await field(dialog, 'Name').fill(name)
  await field(dialog, 'Address').fill('https://hooks.example.invalid/ips')
  await field(dialog, 'Secret').fill('signed with this')
  await accessible(page, 'channel form')
  await shot(page, setting, 'channel-form')
  await dialog.getByRole('button', { name: 'Add', exact: true }).click()
  await dialog.waitFor({ state: 'hidden' })
  const row = page.locator('tr', { hasText: name }).first()
  await row.getByText('signed').waitFor()
  await row.getByRole('button', { name: `More: ${name}` }).click()
  await page.getByRole('menuitem', { name: 'Switch off' }).click()
  await row.getByText('Off', { exact: true }).waitFor()
  await shot(page, setting, 'notifications')
  await row.getByRole('button', { name: `More: ${name}` }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await confirmed(page, name, 'Delete')
  await row.waitFor({ state: 'detached' })
  clean(problems, 'channels')
  await close()
}

export const stories = [
  { name: 'a schedule from the form to its end', run: scheduleLife },
  { name: 'a refused schedule', run: refusedSchedule },
  { name: 'a schedule with a login', run: scheduleWithLogin },
  { name: 'the library: import, tags, removal', run: libraryLife },
  { name: 'a credential, whose password never comes back', run: credentialLife },
  { name: 'a channel', run: channelLife },
]
