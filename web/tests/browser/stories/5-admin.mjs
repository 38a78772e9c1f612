// What administrators do: people, tokens, audit, limits.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { openPage } from '../browser.mjs'
import { accessible, clean, shot } from '../checks.mjs'
import { api, confirmed, field, unique } from '../steps.mjs'

// A token is shown once, works, is not shown again, and stops working when it is revoked.
async function tokenLife(browser, stand, setting) {
  const { page, problems, close } = await openPage(browser, stand)
  const name = unique('pipeline')
  await page.goto('/tokens')
  await page.getByRole('button', { name: 'New token' }).click()
  const dialog = page.getByRole('dialog')
  await field(dialog, 'Name').fill(name)
  await dialog.getByLabel('tasks:read').check()
  await accessible(page, 'token form')
  await dialog.getByRole('button', { name: 'Make token' }).click()
  const shown = dialog.locator('.token')
  const token = await shown.textContent()
  assert.match(token, /^ips_/)
  await accessible(page, 'token shown')
  await dialog.getByRole('button', { name: 'Copy token' }).click()
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), token)
  const as = (path) => fetch(`${stand.url}${path}`, { headers: { authorization: `Bearer ${token}` } }).then(({ status }) => status)
  assert.equal(await as('/api/v1/tasks'), 200)
  assert.equal(await as('/api/v1/nodes'), 403)
  await dialog.getByRole('button', { name: 'I have it' }).click()
  await dialog.waitFor({ state: 'hidden' })
  assert.ok(!(await page.content()).includes(token), 'the token is gone from the page')
  await shot(page, setting, 'tokens')
  await page.getByRole('button', { name: `Revoke: ${name}` }).click()
  await confirmed(page, name, 'Revoke')
  await page.locator('tr', { hasText: name }).waitFor({ state: 'detached' })
  assert.equal(await as('/api/v1/tasks'), 401)
  clean(problems, 'tokens')
  await close()
}

// Makes a user who has chosen a password already, and answers what takes them away again.
async function userWith(stand, role) {
  const username = unique(role)
  const first = 'chosen by the admin'
  const password = 'chosen by myself'
  const made = (await api(stand, 'POST', '/api/v1/users', { username, password: first, role })).body
  const login = (await api(stand, 'POST', '/api/v1/login', { username, password: first })).body
  const own = { url: stand.url, token: login.token }
  const changed = await api(own, 'PUT', `/api/v1/users/${made.id}`, { currentPassword: first, password })
  assert.equal(changed.status, 200, JSON.stringify(changed.body))
  return { username, password, remove: () => api(stand, 'DELETE', `/api/v1/users/${made.id}`) }
}

async function logIn(page, { username, password }) {
  await page.locator('input[name=username]').fill(username)
  await page.locator('input[name=password]').fill(password)
  await page.locator('button[type=submit]').click()
}

// A viewer sees what there is, with every change switched off and saying why; pages of others stay closed.
async function viewerIsRefused(browser, stand, setting) {
  const viewer = await userWith(stand, 'viewer')
  const { page, problems, close } = await openPage(browser, stand, { who: null })
  await page.goto('/schedules')
  await logIn(page, viewer)
  const blocked = async (path, name) => {
    await page.goto(path)
    const button = page.getByRole('button', { name }).first()
    await button.waitFor()
    assert.equal(await button.getAttribute('aria-disabled'), 'true', `${name} on ${path}`)
    assert.match(await button.getAttribute('title'), /Your role, viewer, may not do this/)
    await button.click({ force: true })
    assert.equal(await page.getByRole('dialog').count(), 0, `${name} does nothing`)
  }
  await page.getByRole('heading', { name: 'Schedules', exact: true }).waitFor()
  await blocked('/schedules', 'New schedule')
  await blocked('/library', 'Add image')
  await blocked('/registries', 'Add credential')
  await blocked('/notifications', 'Add channel')
  await blocked('/settings', 'Save limits')
  await blocked('/settings', 'Set level')
  await blocked('/coverage', 'Look now')
  for (const path of ['/users', '/tokens', '/audit', '/schedules/new']) {
    await page.goto(path)
    await page.getByRole('heading', { name: 'This page is not for your role' }).waitFor()
  }
  // One's own password is one's own matter, whatever the role.
  await page.getByRole('button', { name: 'Change password' }).click()
  const dialog = page.getByRole('dialog')
  await field(dialog, 'Current password').fill(viewer.password)
  await field(dialog, 'New password').fill('another of my own')
  await field(dialog, 'New password once more').fill('another of my own')
  await accessible(page, 'own password')
  await dialog.getByRole('button', { name: 'Change password' }).click()
  await dialog.waitFor({ state: 'hidden' })
  const again = await api(stand, 'POST', '/api/v1/login', { username: viewer.username, password: 'another of my own' })
  assert.equal(again.status, 200)
  await accessible(page, 'closed page')
  await shot(page, setting, 'closed-page')
  clean(problems, 'viewer')
  await close()
  await viewer.remove()
}

// Made, promoted, disabled, deleted; nobody does any of this to themselves.
async function userLife(browser, stand, setting) {
  const { page, problems, close } = await openPage(browser, stand)
  const name = unique('ana')
  await page.goto('/users')
  await page.getByRole('button', { name: 'Add user' }).click()
  const dialog = page.getByRole('dialog')
  await field(dialog, 'User name').fill(name)
  await dialog.getByRole('button', { name: 'Make one up' }).click()
  assert.match(await field(dialog, 'First password').inputValue(), /^[\w-]{20,}$/)
  await accessible(page, 'user form')
  await dialog.getByRole('button', { name: 'Add', exact: true }).click()
  await dialog.waitFor({ state: 'hidden' })
  const row = page.locator('tr', { hasText: name })
  await row.getByText('Must choose a password').waitFor()
  const choose = async (action) => {
    await row.getByRole('button', { name: `Actions: ${name}` }).click()
    await page.getByRole('menuitem', { name: action }).click()
  }
  await choose('Change role')
  await field(dialog, 'Role').selectOption('admin')
  await dialog.getByRole('button', { name: 'Change role' }).click()
  await row.getByText('admin', { exact: true }).waitFor()
  await choose('Set a new password')
  await field(dialog, 'New password').fill('set by somebody else')
  await dialog.getByRole('button', { name: 'Set a new password' }).click()
  await dialog.waitFor({ state: 'hidden' })
  const login = await api(stand, 'POST', '/api/v1/login', { username: name, password: 'set by somebody else' })
  assert.equal(login.status, 200, 'the new password is the one that counts')
  await choose('Disable')
  await confirmed(page, name, 'Disable')
  await row.getByText('Disabled').waitFor()
  await shot(page, setting, 'users')
  await page.getByText('(you)').locator('xpath=ancestor::tr').getByRole('button').click()
  assert.equal(await page.getByRole('menuitem', { disabled: true }).count(), 4, 'nothing of this for oneself')
  await page.keyboard.press('Escape')
  await choose('Delete')
  await confirmed(page, name, 'Delete')
  await row.waitFor({ state: 'detached' })
  clean(problems, 'users')
  await close()
}

// What was done is found by who and what, and saved as a file.
async function auditTrail(browser, stand, setting) {
  const { page, problems, close } = await openPage(browser, stand)
  const image = `registry.example.com/audit/${unique('x')}:1`
  const made = await api(stand, 'POST', '/api/v1/library', { image })
  await api(stand, 'DELETE', `/api/v1/library/${made.body.id}`)
  await page.goto('/audit')
  await field(page, 'What').selectOption('delete_library')
  await page.locator('tbody tr').first().waitFor()
  await page.waitForURL(/operation=delete_library/)
  await page.getByRole('button', { name: 'Load new records' }).click()
  await page.locator('tbody tr', { hasText: `library/${made.body.id}` }).first().waitFor()
  await accessible(page, 'audit')
  await shot(page, setting, 'audit')
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    (async () => {
      await page.getByRole('button', { name: 'Everything that the filters leave' }).click()
      await page.getByRole('menuitem', { name: 'CSV' }).click()
    })(),
  ])
  const text = await readFile(await file.path(), 'utf8')
  assert.ok(text.includes('delete_library') && !text.includes('add_to_library'), 'the filters hold for the export')
  await field(page, 'From').fill('2100-01-01T00:00')
  await page.getByRole('heading', { name: 'No record fits' }).waitFor()
  clean(problems, 'audit')
  await close()
}

// Made with rules and quotas, changed, deleted; the default one stays.
async function tenantLife(browser, stand, setting) {
  const { page, problems, close } = await openPage(browser, stand)
  const id = unique('team')
  await page.goto('/tenants')
  await page.getByRole('button', { name: 'Add tenant' }).click()
  const dialog = page.getByRole('dialog')
  await field(dialog, 'Id').fill(id)
  await field(dialog, 'Repositories that it may use').fill('registry.example.com/a/*\nquay.io')
  await field(dialog, 'Tasks a day').fill('5')
  await accessible(page, 'tenant form')
  await dialog.getByRole('button', { name: 'Add', exact: true }).click()
  await dialog.waitFor({ state: 'hidden' })
  const row = page.locator('tr', { hasText: id })
  await row.getByText('0 of 5').waitFor()
  assert.deepEqual((await api(stand, 'GET', `/api/v1/tenants/${id}`)).body.repositories, ['registry.example.com/a/*', 'quay.io'])
  await accessible(page, 'tenants')
  await shot(page, setting, 'tenants')
  await row.getByRole('button', { name: `Change ${id}` }).click()
  await field(dialog, 'Tasks a day').fill('')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'hidden' })
  assert.deepEqual((await api(stand, 'GET', `/api/v1/tenants/${id}`)).body.quotas, {})
  assert.equal(await page.getByRole('button', { name: 'Delete: default' }).getAttribute('aria-disabled'), 'true')
  await row.getByRole('button', { name: `Delete: ${id}` }).click()
  await confirmed(page, id, 'Delete')
  await row.waitFor({ state: 'detached' })
  clean(problems, 'tenants')
  await close()
}

// Only what was changed is sent, and it holds at once.
async function limitsLive(browser, stand, setting) {
  const before = (await api(stand, 'GET', '/api/v1/limits')).body
  const { page, problems, close } = await openPage(browser, stand)
  await page.goto('/settings')
  const input = field(page, 'Pulls on a node')
  await input.fill('7')
  await page.getByText('1 change not saved').waitFor()
  // Somebody else changes another limit meanwhile.
  await api(stand, 'PATCH', '/api/v1/limits', { zonePulls: 33 })
  await page.getByRole('button', { name: 'Save limits' }).click()
  await page.getByText('Limits saved: they count now', { exact: true }).waitFor()
  const now = (await api(stand, 'GET', '/api/v1/limits')).body
  assert.equal(now.nodePulls, 7)
  assert.equal(now.zonePulls, 33)
  await accessible(page, 'settings')
  await shot(page, setting, 'settings')
  await api(stand, 'PATCH', '/api/v1/limits', { nodePulls: before.nodePulls ?? null, zonePulls: before.zonePulls ?? null })
  clean(problems, 'settings')
  await close()
}

export const stories = [
  { name: 'limits, live', run: limitsLive },
  { name: 'a tenant with rules and quotas', run: tenantLife },
  { name: 'the audit: filter and export', run: auditTrail },
  { name: 'a token that is shown once', run: tokenLife },
  { name: 'a user from the first password to the end', run: userLife },
  { name: 'a viewer is refused with reasons', run: viewerIsRefused },
]
