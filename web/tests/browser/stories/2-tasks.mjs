// Tasks from the form to the last byte, and what can be done to them.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { accessible, clean, live, shot } from '../checks.mjs'
import { openPage } from '../browser.mjs'

const quick = { ends_after_ms: [300, 1500], progress_every_ms: 200 }

// The form helps while one types; the task is then watched to its end without a reload.
async function createAndWatch(browser, stand, setting) {
  await stand.behave({ image: 'watched', ends_after_ms: [1500, 3000], progress_every_ms: 200 })
  const { page, problems, close } = await openPage(browser, stand)
  await page.goto('/tasks')
  await page.getByRole('button', { name: 'New task' }).first().click()
  await page.getByLabel('Images').fill('registry.example.com/Team/App:1')
  await page.getByText('Line 1: repository names are lower case').waitFor()
  await page.getByLabel('Images').fill(stand.image('watched'))
  await page.getByRole('button', { name: 'Add condition' }).click()
  await page.getByLabel('Label', { exact: true }).fill('topology.kubernetes.io/zone')
  await page.getByLabel('Value', { exact: true }).fill('zone-1')
  await page.getByText(`matches ${stand.nodes / 3} nodes`).waitFor()
  const preview = page.getByRole('region', { name: 'What it would do' })
  await preview.getByText('Found').waitFor()
  await preview.getByText('1.2 GiB').first().waitFor()
  await accessible(page, 'new task')
  await shot(page, setting, 'new-task-filled')
  for (const [kind, pattern] of [['curl', /^curl .*\/api\/v1\/tasks/s], ['ips', /^ips task create .*--selector 'topology/s], ['YAML', /labelSelector: "topology/]]) {
    await page.getByRole('button', { name: kind, exact: true }).click()
    await page.getByRole('button', { name: `Copy as ${kind}` }).click()
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), pattern)
  }
  await page.getByRole('button', { name: 'Create task' }).click()
  await page.waitForURL(/\/tasks\/task-/)
  await live(page)
  await page.getByRole('application', { name: `Grid of ${stand.nodes / 3} pulls` }).waitFor()
  await shot(page, setting, 'task-running')
  await page.locator('main .tag').filter({ hasText: 'Completed' }).first().waitFor({ timeout: 60_000 })
  await page.getByRole('button', { name: 'Table', exact: true }).click()
  await page.getByRole('cell', { name: 'Warm' }).first().waitFor()
  await accessible(page, 'ended task')
  await shot(page, setting, 'task-ended')
  clean(problems, 'create and watch')
  await close()
}

// The grid by keyboard and mouse: cursor, hover card, details, groups, filters.
async function gridWorks(browser, stand, setting) {
  await stand.behave({ image: 'grid', ends_after_ms: null })
  const task = await stand.post('/api/v1/tasks', { images: [stand.image('grid'), stand.image('grid-two')] })
  const { page, problems, close } = await openPage(browser, stand)
  await page.goto(`/tasks/${task.taskId}`)
  const grid = page.getByRole('application')
  await grid.waitFor()
  await page.getByRole('button', { name: /^Fetching|^Pulling/ }).first().waitFor()
  await grid.focus()
  await page.keyboard.press('ArrowRight')
  await page.getByText(/^node-00000, .*grid:v1: Pulling$/).waitFor({ state: 'attached' })
  await page.keyboard.press('End')
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: `node-${String(stand.nodes - 1).padStart(5, '0')}` })
  await dialog.getByText('Timeline').waitFor()
  await dialog.getByRole('heading', { name: 'Layers' }).waitFor()
  await accessible(page, 'pull')
  await shot(page, setting, 'pull')
  await dialog.getByRole('button', { name: 'Only this node' }).click()
  await page.getByText(`2 of ${stand.nodes * 2} pulls fit`).waitFor()
  await page.getByRole('button', { name: 'Show all' }).click()
  await page.getByLabel('Group by label').selectOption('topology.kubernetes.io/zone')
  await page.waitForURL(/by=topology/)
  await page.waitForTimeout(300)
  await shot(page, setting, 'grid-grouped')
  const canvas = page.locator('canvas')
  // The heading of the first group.
  await canvas.click({ position: { x: 20, y: 10 } })
  await page.waitForURL(/group=zone-0/)
  await page.getByText(`${(stand.nodes / 3) * 2} of ${stand.nodes * 2} pulls fit`).waitFor()
  await canvas.hover({ position: { x: 5, y: 32 } })
  await page.locator('.hover').waitFor()
  clean(problems, 'grid')
  await stand.post(`/api/v1/tasks/${task.taskId}/cancel`)
  await close()
}

// What failed is said with what to do about it; once the cause is gone a retry succeeds.
async function failureAndRetry(browser, stand, setting) {
  await stand.behave({ image: 'refused', ends_after_ms: [100, 300], refused: true })
  const task = await stand.post('/api/v1/tasks', { images: [stand.image('refused')] })
  const { page, problems, close } = await openPage(browser, stand)
  await page.goto(`/tasks/${task.taskId}`)
  const failures = page.getByRole('region', { name: 'What failed' })
  await failures.getByText(`${stand.nodes} nodes: Refused by the registry`).waitFor({ timeout: 30_000 })
  await failures.getByText('Store a login for this registry', { exact: false }).waitFor()
  await failures.getByText('401 Unauthorized', { exact: false }).waitFor()
  await accessible(page, 'failed task')
  await shot(page, setting, 'task-failed')
  await failures.getByRole('button', { name: 'Show these pulls' }).click()
  await page.waitForURL(/state=failed/)
  await page.getByRole('cell', { name: 'Failed' }).first().waitFor()
  await stand.behave({ image: 'refused', ...quick })
  await failures.getByRole('button', { name: 'Retry these' }).click()
  await page.locator('main .tag').filter({ hasText: 'Completed' }).first().waitFor({ timeout: 60_000 })
  await failures.waitFor({ state: 'detached' })
  clean(problems, 'failure and retry')
  await close()
}

// Pause, resume, cancel, clone, delete: each in one click, what can't be taken back asks and names the task.
async function oneTask(browser, stand, setting) {
  await stand.behave({ image: 'held', ends_after_ms: null })
  const { taskId } = await stand.post('/api/v1/tasks', { images: [stand.image('held')] })
  const { page, problems, close } = await openPage(browser, stand)
  await page.goto('/tasks')
  await live(page)
  const row = page.getByRole('row').filter({ hasText: taskId })
  await row.getByRole('button', { name: 'Pause' }).click()
  await row.getByText('Paused').waitFor()
  await row.getByRole('button', { name: 'Resume' }).click()
  await row.getByText('Running').waitFor()
  await row.getByRole('button', { name: 'Cancel task' }).click()
  const dialog = page.getByRole('alertdialog')
  await dialog.getByText(taskId).waitFor()
  await accessible(page, 'cancel dialog')
  await shot(page, setting, 'cancel-dialog')
  await dialog.getByRole('button', { name: 'Cancel task' }).click()
  await row.getByText('Cancelled').waitFor()
  await row.getByRole('button', { name: 'Clone' }).click()
  await page.waitForURL(/\/tasks\/new\?from=/)
  await page.waitForFunction(() => document.querySelector('textarea')?.value.includes('held'))
  await page.goBack()
  await row.getByRole('button', { name: 'Delete record' }).click()
  await dialog.getByRole('button', { name: 'Delete record' }).click()
  await row.waitFor({ state: 'detached' })
  clean(problems, 'one task')
  await close()
}

// Filter, search, sort and page are the server's and in the address; many at once, each with its own result; export.
async function manyTasks(browser, stand, setting) {
  await stand.behave({ image: 'held', ends_after_ms: null }, { image: 'many', ...quick })
  const ids = []
  for (let index = 0; index < 25; index += 1) {
    const image = stand.image(index < 22 ? `many-${index}` : `held-${index}`)
    ids.push((await stand.post('/api/v1/tasks', { id: `bulk-${index}-${Date.now()}`, images: [image], nodeNames: ['node-00000'] })).taskId)
  }
  const { page, problems, close } = await openPage(browser, stand)
  await page.goto('/tasks?q=bulk-')
  await live(page)
  await page.getByText('1–20 of 25').waitFor()
  await page.getByRole('button', { name: 'Next' }).click()
  await page.waitForURL(/offset=20/)
  await page.reload()
  await page.getByText('21–25 of 25').waitFor()
  await page.getByRole('searchbox').fill('held-')
  await page.waitForURL(/q=held-/)
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 3)
  await page.getByRole('button', { name: 'Created' }).click()
  await page.waitForURL(/sort=created/)
  await page.getByLabel('Select all on this page').check()
  await page.getByText('3 selected').waitFor()
  await accessible(page, 'bulk bar')
  await shot(page, setting, 'bulk')
  await page.getByRole('region', { name: 'Actions for the selected tasks' }).getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('alertdialog', { name: 'Cancel 3 tasks?' }).getByRole('button', { name: 'Cancel', exact: true }).last().click()
  const result = page.getByRole('dialog', { name: 'What became of each task' })
  await result.getByText('3 done, 0 not done').waitFor()
  await accessible(page, 'bulk result')
  await page.keyboard.press('Escape')
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export' }).click()
  await page.getByRole('menuitem', { name: 'CSV' }).click()
  const file = await readFile(await (await saved).path(), 'utf8')
  assert.equal(file.trim().split('\r\n').length, 4)
  // All that fit, not only this page.
  await page.goto('/tasks?q=bulk-')
  await Promise.all(ids.map((id) => stand.ended(id)))
  await page.getByLabel('Select all on this page').check()
  await page.getByRole('button', { name: 'Select all 25 that fit' }).click()
  await page.getByRole('region', { name: 'Actions for the selected tasks' }).getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
  await result.getByText('25 done, 0 not done').waitFor({ timeout: 30_000 })
  await page.keyboard.press('Escape')
  await page.getByText('No task fits').waitFor()
  clean(problems, 'many tasks')
  await close()
}

// The coordinator's refusal appears at the field that it names, and nothing is created.
async function refused(browser, stand) {
  const before = (await stand.get('/api/v1/tasks?limit=1')).total
  const { page, problems, close } = await openPage(browser, stand)
  await page.goto('/tasks/new')
  await page.getByLabel('Images').fill('registry.example.com/Team/App:1')
  await page.getByLabel('Priority').fill('11')
  await page.getByRole('button', { name: 'Create task' }).click()
  await page.locator('[aria-invalid=true]').first().waitFor()
  assert.match(await page.locator('.field .error').first().textContent(), /images|priority/)
  await accessible(page, 'refused task')
  clean(problems, 'refused task')
  assert.equal((await stand.get('/api/v1/tasks?limit=1')).total, before)
  await close()
}

export const stories = [
  { name: 'create with a selector and watch it end', run: createAndWatch },
  { name: 'the grid by keyboard and mouse', run: gridWorks },
  { name: 'failure and retry', run: failureAndRetry },
  { name: 'everything that can be done to one task', run: oneTask },
  { name: 'many tasks: search, pages, bulk, export', run: manyTasks },
  { name: 'a refusal appears at its field', run: refused },
]
