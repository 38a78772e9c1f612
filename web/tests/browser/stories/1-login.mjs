// Who gets in, who does not, and what happens to those who are at work.
import assert from 'node:assert/strict'
import { accessible, clean, fits, live, shot } from '../checks.mjs'
import { openPage, watch } from '../browser.mjs'
import { admin } from '../stand.mjs'

const looks = [
  { name: 'light', options: {} },
  { name: 'dark', options: { colorScheme: 'dark' } },
  { name: 'phone', options: { viewport: { width: 360, height: 740 } } },
  { name: 'chinese', options: { locale: 'zh-CN' } },
]

// Nobody sees anything before the log-in; after it one is where one wanted to be, also after a reload, until one logs out.
async function logInAndOut(browser, stand, setting) {
  for (const look of looks) {
    const { page, problems, close } = await openPage(browser, stand, { ...look.options, who: null })
    const where = `login-${look.name}`
    await page.goto('/nodes')
    await page.waitForURL(/\/login\?next=/)
    await page.locator('input[name=username]').waitFor()
    await accessible(page, where)
    await fits(page, where)
    await shot(page, setting, where)
    await page.locator('input[name=username]').fill(admin.username)
    await page.locator('input[name=password]').fill('a wrong password')
    await page.locator('button[type=submit]').click()
    await page.locator('input[aria-invalid=true]').waitFor()
    await accessible(page, `${where} refused`)
    await page.locator('input[name=password]').fill(admin.password)
    await page.locator('button[type=submit]').click()
    await page.waitForURL(/\/nodes$/)
    await live(page)
    assert.equal(await page.evaluate(() => localStorage.length), 0, 'nothing of a log-in outlives the tabs')
    await page.reload()
    await live(page)
    await page.getByRole('button', { name: /^(Log out|退出登录)$/ }).click()
    await page.waitForURL(/\/login/)
    await page.goto('/tasks')
    await page.locator('input[name=username]').waitFor()
    assert.equal(await page.evaluate(() => sessionStorage.getItem('ips.refresh')), null)
    clean(problems, where)
    await close()
  }
}

// A person whose password somebody else chose chooses another one first.
async function forcedChange(browser, stand, setting) {
  const user = { username: `ana-${Date.now()}`, password: 'chosen by the admin', role: 'viewer' }
  const made = await stand.post('/api/v1/users', user)
  const { page, problems, close } = await openPage(browser, stand, { who: null })
  await page.goto('/')
  await page.locator('input[name=username]').fill(user.username)
  await page.locator('input[name=password]').fill(user.password)
  await page.locator('button[type=submit]').click()
  await page.getByRole('heading', { name: 'Choose a password' }).waitFor()
  await accessible(page, 'forced change')
  await shot(page, setting, 'forced-change')
  await page.locator('input[name=new-password]').fill('my own password')
  await page.locator('input[name=again]').fill('my own passwort')
  await page.getByText('The two differ.').waitFor()
  await page.locator('input[name=again]').fill('my own password')
  await page.locator('button[type=submit]').click()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  await live(page)
  clean(problems, 'forced change')
  await stand.call('DELETE', `/api/v1/users/${made.id}`)
  // Whoever is removed is out, and the page says so.
  await page.reload()
  await page.locator('input[name=username]').waitFor()
  await close()
}

// What a role may not do is there, switched off, and says why.
async function rolesAreExplained(browser, stand, setting) {
  const user = { username: `vera-${Date.now()}`, password: 'chosen by the admin', role: 'viewer' }
  const made = await stand.post('/api/v1/users', user)
  const first = await stand.logIn(user)
  const headers = { authorization: `Bearer ${first.token}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ currentPassword: user.password, password: 'vera has her own' })
  await fetch(`${stand.url}/api/v1/users/${made.id}`, { method: 'PUT', headers, body })
  const { page, problems, close } = await openPage(browser, stand, { who: { username: user.username, password: 'vera has her own' } })
  await page.goto('/tasks')
  const create = page.getByRole('button', { name: 'New task' }).first()
  await create.waitFor()
  assert.equal(await create.getAttribute('aria-disabled'), 'true')
  assert.match(await create.getAttribute('title'), /viewer.*operator/)
  await create.click({ force: true })
  assert.equal(new URL(page.url()).pathname, '/tasks', 'a switched-off button does nothing')
  await page.goto('/users')
  await page.getByRole('heading', { name: 'This page is not for your role' }).waitFor()
  await accessible(page, 'closed page')
  await shot(page, setting, 'closed-page')
  await page.goto('/')
  await page.getByRole('heading', { name: 'Needs attention' }).waitFor()
  assert.equal(await page.getByRole('alert').count(), 0, 'a viewer’s overview has no error')
  clean(problems, 'roles')
  await close()
}

// The log-in ends while somebody types: they log in over the page, and nothing is lost.
async function expiredAtWork(browser, stand, setting) {
  const { page, problems, close } = await openPage(browser, stand)
  await page.goto('/tasks/new')
  await page.getByLabel('Images').fill('registry.example.com/half/typed:1')
  // The coordinator knows neither token any more.
  await page.route('**/api/v1/**', (route) => {
    const answer = { status: 401, contentType: 'application/json', body: JSON.stringify({ error: 'Unauthorized', code: 'unauthenticated', requestId: 'r' }) }
    return route.request().url().endsWith('/login') ? route.continue() : route.fulfill(answer)
  })
  await page.getByLabel('Images').press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Log in again' })
  await dialog.waitFor({ timeout: 20_000 })
  await accessible(page, 'log in again')
  await shot(page, setting, 'log-in-again')
  await page.unroute('**/api/v1/**')
  await dialog.getByLabel('Password').fill(admin.password)
  await dialog.getByRole('button', { name: 'Log in' }).click()
  await dialog.waitFor({ state: 'detached' })
  assert.match(await page.getByLabel('Images').inputValue(), /half\/typed/)
  await page.getByRole('region', { name: 'What it would do' }).getByText('Nodes', { exact: true }).waitFor()
  clean(problems, 'expired')
  await close()
}

// Somebody reloads again and again before the page has come up: the log-in is not lost on the way.
async function hastyReloads(browser, stand) {
  const { page, problems, close } = await openPage(browser, stand)
  await page.goto('/tasks')
  await live(page)
  let refreshes = 0
  page.on('request', (request) => (refreshes += Number(request.url().endsWith('/api/v1/refresh'))))
  for (let times = 0; times < 5; times += 1) {
    const asked = page.waitForRequest((request) => /\/api\/v1\/(me|refresh)$/.test(request.url()))
    await page.reload({ waitUntil: 'commit' })
    await asked
  }
  await page.reload()
  await live(page)
  assert.equal(refreshes, 0, 'a page that is loaded anew spends no refresh token')
  clean(problems, 'hasty reloads')
  await close()
}

// A second tab needs no log-in and no second stream; what one tab does the other shows.
async function twoTabs(browser, stand) {
  const { page, problems, context, close } = await openPage(browser, stand)
  await page.goto('/tasks')
  await live(page)
  const second = await context.newPage()
  watch(second, stand, problems)
  let streams = 0
  second.on('request', (request) => (streams += Number(request.url().includes('/api/v1/events'))))
  await second.goto('/tasks')
  await live(second)
  assert.equal(streams, 0, 'the second tab uses the stream of the first')
  await page.close()
  await second.waitForRequest((request) => request.url().includes('/api/v1/events'), { timeout: 15_000 }).catch(() => undefined)
  await live(second)
  assert.ok(streams >= 1, 'when the first tab is closed the second one opens the stream')
  clean(problems, 'two tabs')
  await close()
}

export const stories = [
  { name: 'log in, stay, log out', run: logInAndOut },
  { name: 'a password that somebody else chose', run: forcedChange },
  { name: 'what a role may not do is explained', run: rolesAreExplained },
  { name: 'a log-in that ends at work loses nothing', run: expiredAtWork },
  { name: 'hasty reloads keep the log-in', run: hastyReloads },
  { name: 'two tabs share log-in and stream', run: twoTabs },
]
