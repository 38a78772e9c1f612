// Every page in every look.
import assert from 'node:assert/strict'
import { accessible, clean, fits, shot, translated, worded } from '../checks.mjs'
import { openPage } from '../browser.mjs'

const looks = [
  { name: 'light', options: {} },
  { name: 'dark', options: { colorScheme: 'dark', reducedMotion: 'reduce' } },
  { name: 'phone', options: { viewport: { width: 360, height: 740 } } },
  { name: 'phone-dark', options: { viewport: { width: 360, height: 740 }, colorScheme: 'dark' } },
  { name: 'chinese', options: { locale: 'zh-CN' } },
]

const paths = [
  '/', '/tasks', '/tasks/new', '/policies', '/policies/new', '/schedules', '/schedules/new', '/coverage', '/library', '/nodes', '/nodes?view=map&color=disk', '/nodes/node-00001', '/registries', '/notifications',
  '/users', '/tenants', '/tokens', '/audit', '/settings', '/about', '/nowhere',
]

// No script error, nothing blocked, accessible, as wide as the window, all of it in the language.
async function everyPage(browser, stand, setting) {
  await stand.behave({ image: 'web', ends_after_ms: [50, 400] }, { image: 'bad', ends_after_ms: [50, 200], refused: true })
  const good = await stand.post('/api/v1/tasks', { images: [stand.image('web'), stand.image('web-two')] })
  const bad = await stand.post('/api/v1/tasks', { images: [stand.image('bad')] })
  await stand.ended(good.taskId)
  await stand.ended(bad.taskId)
  const config = { images: [stand.image('web'), stand.image('web-two')], labelSelector: 'topology.kubernetes.io/zone' }
  const schedule = await stand.post('/api/v1/scheduled-tasks', { name: '夜间预热', cronExpr: '0 2 * * 1', timezone: 'Asia/Tokyo', taskConfig: config })
  const run = await stand.post(`/api/v1/scheduled-tasks/${schedule.id}/trigger`)
  await stand.ended(run.taskId)
  const policy = await stand.post('/api/v1/policies', { name: '基础镜像', libraryTag: '基础', taskConfig: { images: [stand.image('web'), stand.image('bad')] } })
  const asked = `/coverage?images=${encodeURIComponent(stand.image('web'))}&group=topology.kubernetes.io%2Fzone`
  const own = [`/tasks/${good.taskId}`, `/tasks/${bad.taskId}`, `/tasks/${good.taskId}?show=table`, `/schedules/${schedule.id}`, `/schedules/${schedule.id}/edit`, `/policies/${policy.id}`, `/policies/${policy.id}/edit`, asked]
  const named = (path) => [[good.taskId, 'good'], [bad.taskId, 'bad'], [schedule.id, 'seen'], [policy.id, 'kept'], [asked, '/coverage-asked']].reduce((text, [id, name]) => text.replace(id, name), path)
  const failures = []
  for (const look of looks) {
    const { page, problems, quiet, close } = await openPage(browser, stand, look.options)
    for (const path of [...paths, ...own]) {
      const where = `${named(path).replaceAll(/[/?=]+/g, '-').replace(/^-/, '') || 'overview'}-${look.name}`
      // All that is wrong is told at once.
      const check = async (what) => what().catch((error) => failures.push(`${where}: ${error.message}`))
      await check(async () => {
        await page.goto(path)
        await page.waitForSelector('main h1', { timeout: 15_000 })
        if (path === asked) await page.locator('main form button[type=submit]').click()
        if (path === asked) await page.locator('main table').waitFor()
        await quiet()
      })
      await check(() => accessible(page, where))
      await check(() => fits(page, where))
      await check(() => worded(page, where))
      if (look.name === 'chinese') await check(() => translated(page, where))
      await check(() => shot(page, setting, where))
      await check(async () => clean(problems.splice(0), where))
    }
    await close()
  }
  await stand.call('DELETE', `/api/v1/policies/${policy.id}`)
  await stand.call('DELETE', `/api/v1/scheduled-tasks/${schedule.id}`)
  if (failures.length > 0) throw new Error(`${failures.length} problems:\n${failures.join('\n')}`)
}

// A missing task says so; a missing asset is not answered with the page; old addresses lead to the new ones.
async function unknownThings(browser, stand) {
  const { page, problems, close } = await openPage(browser, stand)
  await page.goto('/tasks/no-such-task')
  await page.getByRole('heading', { name: 'This task is not there' }).waitFor()
  await page.goto('/web/tasks?status=failed')
  await page.waitForURL(/\/tasks\?status=failed$/)
  clean(problems, 'unknown task')
  assert.equal((await fetch(`${stand.url}/assets/none.js`)).status, 404)
  await close()
}

// Theme, language and zone hold after a reload; filters are in the address.
async function choicesLast(browser, stand) {
  const { page, problems, close } = await openPage(browser, stand)
  await page.goto('/tasks?status=failed')
  await page.getByRole('button', { name: /^Failed/, pressed: true }).waitFor()
  await page.getByRole('button', { name: 'Preferences' }).click()
  await page.getByRole('button', { name: 'Dark' }).click()
  await page.getByLabel('Time zone').selectOption('Asia/Tokyo')
  await page.getByRole('button', { name: '简体中文' }).click()
  await page.keyboard.press('Escape')
  await page.getByRole('heading', { name: '任务', exact: true }).waitFor()
  await page.reload()
  await page.getByRole('button', { name: /^失败/, pressed: true }).waitFor()
  assert.equal(await page.evaluate(() => document.documentElement.style.colorScheme), 'dark')
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh-CN')
  assert.equal(await page.evaluate(() => localStorage.getItem('ips.zone')), 'Asia/Tokyo')
  clean(problems, 'choices')
  await close()
}

// Everything by keyboard: palette, help, two-key steps; nothing while somebody types.
async function keyboard(browser, stand) {
  const { page, problems, close } = await openPage(browser, stand)
  await page.goto('/')
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('n')
  await page.waitForURL(/\/nodes$/)
  await page.keyboard.press('Control+k')
  await page.getByRole('dialog').getByRole('combobox').fill('sched')
  await accessible(page, 'palette')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/schedules/)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor()
  await accessible(page, 'help')
  await page.keyboard.press('Escape')
  await page.goto('/tasks')
  await page.getByRole('searchbox').waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('gn?c')
  assert.equal(await page.getByRole('searchbox').inputValue(), 'gn?c')
  clean(problems, 'keyboard')
  await close()
}

export const stories = [
  { name: 'every page in light, dark, on a phone in both, and in Chinese', run: everyPage },
  { name: 'unknown things are called unknown', run: unknownThings },
  { name: 'choices last', run: choicesLast },
  { name: 'everything works by keyboard', run: keyboard },
]
