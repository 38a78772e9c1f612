// What people do with the console. Each story opens pages of its own and leaves nothing behind.
import assert from 'node:assert/strict'
import { openPage } from './browser.mjs'
import { accessible, clean, fits, live, shot } from './checks.mjs'

const looks = [
  { name: 'light', options: {} },
  { name: 'dark', options: { colorScheme: 'dark' } },
  { name: 'mobile', options: { viewport: { width: 360, height: 740 } } },
  { name: 'chinese', options: { locale: 'zh-CN' } },
]
const pages = [
  { name: 'tasks', path: '/tasks' },
  { name: 'nodes', path: '/nodes' },
  { name: 'create', path: '/tasks?create=1' },
  { name: 'not-found', path: '/nowhere' },
]

// Every page in every look: no script error, nothing blocked, accessible, as wide as the window.
async function everyPage(browser, setting) {
  const node = await firstNode(setting)
  const list = node ? [...pages, { name: 'node', path: `/nodes/${encodeURIComponent(node)}` }] : pages
  for (const look of looks) {
    const { page, problems, close } = await openPage(browser, setting.base, look.options)
    for (const { name, path } of list) {
      const where = `${name}-${look.name}`
      await page.goto(path)
      await page.waitForSelector(name === 'create' ? '[role=dialog]' : 'h1, main h2')
      if (name === 'tasks' || name === 'nodes') await live(page)
      await accessible(page, where)
      await fits(page, where)
      clean(problems, where)
      await shot(page, setting, where)
    }
    await close()
  }
}

async function firstNode(setting) {
  const page = await (await fetch(`${setting.base}/api/v1/nodes?limit=1`, { headers: setting.headers })).json()
  return page.nodes[0]?.name
}

// A missing task says so; a missing asset is not answered with the page.
async function unknownThings(browser, setting) {
  const { page, problems, close } = await openPage(browser, setting.base)
  await page.goto('/tasks/no-such-task')
  await page.getByRole('heading', { name: 'This task is not there' }).waitFor()
  clean(problems, 'unknown task')
  assert.equal((await fetch(`${setting.base}/assets/none.js`)).status, 404)
  await close()
}

// The coordinator's refusal appears at the field that it names, and nothing is created.
async function refusedTask(browser, setting) {
  const { page, problems, close } = await openPage(browser, setting.base)
  const before = await taskCount(setting)
  await page.goto('/tasks?create=1')
  const images = page.getByLabel('Images')
  await images.fill('registry.example.com/Team/App:1')
  await page.getByText('Line 1: repository names are lower case').waitFor()
  await page.getByRole('button', { name: 'Create task' }).click()
  await page.locator('textarea[aria-invalid=true]').waitFor()
  assert.match(await page.locator('.field .error').first().textContent(), /images/)
  assert.ok(await images.evaluate((element) => element === document.activeElement), 'the refused field has the focus')
  await accessible(page, 'refused task')
  await shot(page, setting, 'refused-task')
  clean(problems, 'refused task')
  assert.equal(await taskCount(setting), before)
  await close()
}

async function taskCount(setting) {
  return (await (await fetch(`${setting.base}/api/v1/tasks?limit=1`, { headers: setting.headers })).json()).total
}

// Chips, live count, command line.
async function formHelps(browser, setting) {
  const { page, problems, close } = await openPage(browser, setting.base)
  await page.goto('/tasks?create=1')
  await page.getByLabel('Images').fill("docker.io/library/busybox:1.37\nlocalhost:5000/it's")
  const selector = page.getByLabel('Nodes with labels')
  await selector.fill('no-such-label=nowhere')
  await selector.press('Enter')
  await page.getByText('matches no node').waitFor()
  await page.getByRole('button', { name: 'Remove label no-such-label=nowhere' }).click()
  await page.getByText(/matches (no|\d+) node/).waitFor()
  await page.getByText('The same as a command').click()
  await page.getByRole('button', { name: 'Copy as curl' }).click()
  const command = await page.evaluate(() => navigator.clipboard.readText())
  assert.match(command, /^curl -sS -X POST '.*\/api\/v1\/tasks'/)
  assert.ok(command.includes(`localhost:5000/it'\\''s`), command)
  await page.keyboard.press('Escape')
  await page.waitForURL((url) => !url.search.includes('create'))
  clean(problems, 'create form')
  await close()
}

// Theme and language hold after a reload; filters are in the address.
async function choicesLast(browser, setting) {
  const { page, problems, close } = await openPage(browser, setting.base)
  await page.goto('/tasks?status=failed')
  await page.getByRole('button', { name: 'Failed', pressed: true }).waitFor()
  await page.getByRole('button', { name: 'Theme' }).click()
  await page.getByRole('menuitemradio', { name: 'Dark' }).click()
  await page.getByRole('button', { name: 'Language' }).click()
  await page.getByRole('menuitemradio', { name: '简体中文' }).click()
  await page.getByRole('heading', { name: '任务', exact: true }).waitFor()
  await page.reload()
  await page.getByRole('button', { name: '失败', pressed: true }).waitFor()
  assert.equal(await page.evaluate(() => document.documentElement.style.colorScheme), 'dark')
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh-CN')
  clean(problems, 'choices')
  await close()
}

// A stream that breaks is seen, the page goes on by asking, and all is well when it comes back.
async function brokenStream(browser, setting) {
  const { page, close } = await openPage(browser, setting.base)
  const stream = '**/api/v1/events**'
  await page.route(stream, (route) => route.abort())
  await page.goto('/tasks')
  await page.waitForSelector('[data-status="reconnecting"]')
  await page.getByRole('heading', { name: 'Tasks', exact: true }).waitFor()
  await page.waitForResponse((answer) => answer.url().includes('/api/v1/tasks?'), { timeout: 15_000 })
  await page.waitForSelector('[data-status="stale"]', { timeout: 30_000 })
  await accessible(page, 'stale')
  await shot(page, setting, 'stale')
  await page.unroute(stream)
  await live(page)
  await close()
}

// A task from the form to the last layer, seen live, then removed.
async function warmAnImage(browser, setting) {
  const { page, problems, close } = await openPage(browser, setting.base)
  await page.goto('/tasks')
  await page.getByRole('button', { name: 'New task' }).first().click()
  await page.getByLabel('Images').fill(setting.image)
  await page.getByRole('button', { name: 'Create task' }).click()
  await page.waitForURL(/\/tasks\/task-/)
  await live(page)
  await page.getByRole('button', { name: /^Details of/ }).first().click()
  await page.waitForTimeout(1500)
  await accessible(page, 'running task')
  await shot(page, setting, 'task-running')
  await page.locator('h1 ~ .tag').filter({ hasText: /Completed|Failed/ }).waitFor({ timeout: 300_000 })
  await shot(page, setting, 'task-ended')
  assert.equal(await page.locator('h1 ~ .tag').textContent(), 'Completed')
  await page.getByRole('button', { name: 'Remove record' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove record' }).click()
  await page.waitForURL(/\/tasks$/)
  clean(problems, 'warm an image')
  await close()
}

// Cancel asks first; the task then says cancelled.
async function cancelTask(browser, setting) {
  // Priority and id are set so that the task is easy to find in a log.
  const id = `browser-${Date.now()}`
  const body = JSON.stringify({ id, images: [setting.image], priority: 1 })
  const created = await fetch(`${setting.base}/api/v1/tasks`, {
    method: 'POST',
    headers: { ...setting.headers, 'content-type': 'application/json' },
    body,
  })
  assert.equal(created.status, 201)
  const { page, problems, close } = await openPage(browser, setting.base)
  await page.goto(`/tasks/${id}`)
  const cancel = page.getByRole('button', { name: 'Cancel task' })
  const ended = page.getByRole('button', { name: 'Remove record' })
  await cancel.or(ended).first().waitFor()
  if (await cancel.isVisible()) {
    await cancel.click()
    const dialog = page.getByRole('alertdialog')
    await accessible(page, 'cancel dialog')
    await shot(page, setting, 'cancel-dialog')
    await dialog.getByRole('button', { name: 'Cancel task' }).click().catch(() => undefined)
    await ended.waitFor()
  }
  await fetch(`${setting.base}/api/v1/tasks/${id}?mode=delete`, { method: 'DELETE', headers: setting.headers })
  await page.getByRole('heading', { name: 'This task is not there' }).waitFor()
  clean(problems, 'cancel')
  await close()
}

// Nobody sees anything before the log-in; after it one is where one wanted to be, also after a reload, until one logs out.
async function logInAndOut(browser, setting) {
  for (const look of looks) {
    const { page, problems, close } = await openPage(browser, setting.base, { ...look.options, loggedOut: true })
    const where = `login-${look.name}`
    await page.goto('/nodes')
    await page.waitForURL(/\/login\?next=/)
    await page.locator('input[name=username]').waitFor()
    await accessible(page, where)
    await fits(page, where)
    await shot(page, setting, where)
    await page.locator('input[name=username]').fill(process.env.IPS_USER ?? 'admin')
    await page.locator('input[name=password]').fill('a wrong password')
    await page.locator('button[type=submit]').click()
    await page.locator('input[aria-invalid=true]').waitFor()
    await accessible(page, `${where} refused`)
    await page.locator('input[name=password]').fill(process.env.IPS_PASSWORD ?? '')
    await page.locator('button[type=submit]').click()
    await page.waitForURL(/\/nodes$/)
    await live(page)
    assert.equal(await page.evaluate(() => localStorage.length), 0, 'nothing of a log-in outlives the tab')
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
async function forcedChange(browser, setting) {
  const name = `browser-${Date.now()}`
  const post = { method: 'POST', headers: { ...setting.headers, 'content-type': 'application/json' } }
  const user = { username: name, password: 'chosen by the admin', role: 'viewer' }
  const made = await (await fetch(`${setting.base}/api/v1/users`, { ...post, body: JSON.stringify(user) })).json()
  const { page, problems, close } = await openPage(browser, setting.base, { loggedOut: true })
  await page.goto('/')
  await page.locator('input[name=username]').fill(name)
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
  await page.waitForURL(/\/tasks$/)
  await live(page)
  clean(problems, 'forced change')
  await fetch(`${setting.base}/api/v1/users/${made.id}`, { method: 'DELETE', headers: setting.headers })
  // Whoever is removed is out, and the page says so.
  await page.reload()
  await page.locator('input[name=username]').waitFor()
  await close()
}

export const stories = [
  { name: 'log in, stay, log out', needsLogin: true, run: logInAndOut },
  { name: 'a password that somebody else chose', needsLogin: true, run: forcedChange },
  { name: 'every page in light, dark, mobile and Chinese', run: everyPage },
  { name: 'unknown things are called unknown', run: unknownThings },
  { name: 'a refusal appears at its field', run: refusedTask },
  { name: 'the form helps: chips, count, curl', run: formHelps },
  { name: 'choices last', run: choicesLast },
  { name: 'a broken stream is seen and comes back', run: brokenStream },
  { name: 'warm an image and watch it', needsImage: true, run: warmAnImage },
  { name: 'cancel a task', needsImage: true, run: cancelTask },
]
