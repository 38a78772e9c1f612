// Every dialog in every look: readable, in the language, as wide as the window; the keyboard stays inside and goes back to where it was.
import assert from 'node:assert/strict'
import { openPage } from '../browser.mjs'
import { accessible, clean, fits, shot, translated, worded } from '../checks.mjs'

const looks = [
  { name: 'light', options: {} },
  { name: 'dark', options: { colorScheme: 'dark' } },
  { name: 'phone', options: { viewport: { width: 360, height: 740 } } },
  { name: 'chinese', options: { locale: 'zh-CN' } },
]

// Where it is opened and by which button, in both languages.
function dialogs(made) {
  return [
    { name: 'preferences', path: '/about', button: /^(Preferences|偏好设置)$/ },
    { name: 'own password', path: '/about', button: /^(Change password|修改密码)$/ },
    { name: 'user', path: '/users', button: /^(Add user|添加用户)$/ },
    { name: 'tenant', path: '/tenants', button: /^(Add tenant|添加租户)$/ },
    { name: 'token', path: '/tokens', button: /^(New token|新建令牌)$/ },
    { name: 'credential', path: '/registries', button: /^(Add credential|添加凭据)$/ },
    { name: 'channel', path: '/notifications', button: /^(Add channel|添加渠道)$/ },
    { name: 'library image', path: '/library', button: /^(Add image|添加镜像)$/ },
    { name: 'import', path: '/library', button: /^(Import|导入)$/ },
    { name: 'pick from the library', path: '/tasks/new', button: /^(Pick from the library|从镜像库选择)$/ },
    { name: 'cancel task', path: `/tasks/${made.held}`, button: /^(Cancel task|取消任务)$/ },
    { name: 'delete task', path: `/tasks/${made.ended}`, button: /^(Delete record|删除记录)$/ },
    { name: 'remove images of a task', path: `/tasks/${made.ended}`, button: /^(Remove its images|移除其镜像)/ },
    { name: 'pause policy', path: `/policies/${made.policy}`, button: /^(Pause|暂停)$/ },
    { name: 'delete policy', path: `/policies/${made.policy}`, button: /^(Delete|删除)$/ },
    { name: 'delete schedule', path: `/schedules/${made.schedule}`, button: /^(Delete|删除)$/ },
  ]
}

const focusIn = (dialog) => dialog.evaluate((element) => element.contains(document.activeElement))

// More presses of Tab than it has stops, there and back: the focus never leaves it.
async function staysInside(page, dialog, where) {
  assert.ok(await focusIn(dialog), `${where}: the focus goes into it`)
  const stops = await dialog.locator('a[href], button, input, select, textarea, [tabindex="0"]').count()
  for (const key of ['Tab', 'Shift+Tab']) {
    for (let press = 0; press <= Math.min(stops, 30); press += 1) {
      await page.keyboard.press(key)
      assert.ok(await focusIn(dialog), `${where}: ${key} leaves it`)
    }
  }
}

async function look(page, setting, where, chinese) {
  await accessible(page, where)
  await fits(page, where)
  await worded(page, where)
  if (chinese) await translated(page, where)
  await shot(page, setting, where.replaceAll(' ', '-'))
}

// Opened, looked at and closed by keys alone.
async function byKeys(page, setting, one, view) {
  const where = `dialog ${one.name} ${view.name}`
  await page.goto(one.path)
  const opener = page.locator('main, header').getByRole('button', { name: one.button }).first()
  await opener.waitFor()
  await page.waitForFunction((element) => element.getAttribute('aria-disabled') !== 'true', await opener.elementHandle())
  await opener.focus()
  await page.keyboard.press('Enter')
  const dialog = page.locator('[role=dialog], [role=alertdialog]')
  await dialog.waitFor()
  await look(page, setting, where, view.name === 'chinese')
  if (view.name === 'light') await staysInside(page, dialog, where)
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  assert.ok(await opener.evaluate((element) => element === document.activeElement), `${where}: the focus goes back to the button`)
}

async function everyDialog(browser, stand, setting) {
  await stand.behave({ image: 'ended', ends_after_ms: [50, 100] })
  const held = await stand.post('/api/v1/tasks', { images: [stand.image('held')], nodeNames: ['node-00000'] })
  const ended = await stand.post('/api/v1/tasks', { images: [stand.image('ended')], nodeNames: ['node-00000'] })
  await stand.ended(ended.taskId)
  const taskConfig = { images: [stand.image('ended')] }
  const policy = await stand.post('/api/v1/policies', { name: '对话框', taskConfig })
  const schedule = await stand.post('/api/v1/scheduled-tasks', { name: '对话框', cronExpr: '0 2 * * 1', timezone: 'Asia/Tokyo', taskConfig })
  const failures = []
  for (const view of looks) {
    const { page, problems, close } = await openPage(browser, stand, view.options)
    for (const one of dialogs({ held: held.taskId, ended: ended.taskId, policy: policy.id, schedule: schedule.id })) {
      // All that is wrong is told at once.
      await byKeys(page, setting, one, view).catch((error) => failures.push(`${one.name} ${view.name}: ${error.message}`))
      try {
        clean(problems.splice(0), `${one.name} ${view.name}`)
      } catch (error) {
        failures.push(error.message)
      }
    }
    await close()
  }
  await stand.call('DELETE', `/api/v1/policies/${policy.id}`)
  await stand.call('DELETE', `/api/v1/scheduled-tasks/${schedule.id}`)
  await stand.post(`/api/v1/tasks/${held.taskId}/cancel`)
  if (failures.length > 0) throw new Error(`${failures.length} problems:\n${failures.join('\n')}`)
}

export const stories = [{ name: 'every dialog in light, dark, on a phone and in Chinese, by keys', run: everyDialog }]
