// The REST contract of the original IPS: what its own front end sends is answered as it expects, and where its front end and its back end
// disagreed, ours do not.
import assert from 'node:assert/strict'
import { clean } from '../checks.mjs'
import { openPage } from '../browser.mjs'

// A call as the front end of the original makes it.
async function send(stand, method, path, body, token = stand.token) {
  const headers = { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) }
  const response = await fetch(`${stand.url}/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) })
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
}

const has = (object, ...names) => {
  for (const name of names) assert.ok(name in object, `${name} is missing in ${JSON.stringify(object).slice(0, 300)}`)
}

// Every call of its client, with the fields that its views read.
async function itsOwnCalls(browser, stand) {
  await stand.behave({ image: 'original', ends_after_ms: [50, 200] })
  const images = [stand.image('original')]
  const task = await send(stand, 'POST', '/tasks', { images, batchSize: 10, priority: 5, maxRetries: 0, retryStrategy: 'linear', retryDelay: 30 })
  assert.equal(task.status, 201)
  has(task.body, 'taskId', 'status', 'priority', 'batchSize', 'images', 'createdAt')
  const list = await send(stand, 'GET', '/tasks?limit=10&offset=0')
  has(list.body, 'tasks', 'total', 'limit', 'offset')
  await stand.ended(task.body.taskId)
  const one = await send(stand, 'GET', `/tasks/${task.body.taskId}`)
  has(one.body, 'progress', 'nodeStatuses', 'finishedAt')
  has(one.body.progress, 'totalNodes', 'completedNodes', 'failedNodes', 'currentBatch', 'totalBatches', 'percentage')
  assert.equal(one.body.nodeStatuses['node-00000'][images[0]], 1)
  const gone = await send(stand, 'DELETE', `/tasks/${task.body.taskId}`)
  assert.deepEqual([gone.status, gone.body.action], [200, 'deleted'])
  assert.equal((await send(stand, 'GET', `/tasks/${task.body.taskId}`)).body.taskId, task.body.taskId)

  const schedule = { name: 'nightly', cronExpr: '0 2 * * *', enabled: true, overlapPolicy: 'skip', timeoutSeconds: 0, taskConfig: { images, batchSize: 10, priority: 5, maxRetries: 0, retryStrategy: 'linear', retryDelay: 30 } }
  const made = await send(stand, 'POST', '/scheduled-tasks', schedule)
  assert.equal(made.status, 201)
  const { id } = made.body
  for (const [method, path, body] of [['GET', ''], ['PUT', '', { ...schedule, name: 'weekly' }], ['PUT', '/disable'], ['PUT', '/enable'], ['POST', '/trigger']]) {
    const answer = await send(stand, method, `/scheduled-tasks/${id}${path}`, body)
    assert.equal(answer.status, 200, `${method} ${path}: ${JSON.stringify(answer.body)}`)
  }
  const runs = await send(stand, 'GET', `/scheduled-tasks/${id}/executions?limit=10&offset=0`)
  has(runs.body, 'executions', 'total')
  has(runs.body.executions[0], 'id', 'scheduledTaskId', 'taskId', 'status', 'startedAt', 'durationSeconds', 'triggeredAt')
  assert.equal((await send(stand, 'DELETE', `/scheduled-tasks/${id}`)).status, 200)

  const image = await send(stand, 'POST', '/library', { name: 'web', image: 'docker.io/library/original:1' })
  assert.equal(image.status, 201)
  has((await send(stand, 'GET', '/library?limit=500&offset=0')).body, 'images', 'total', 'limit', 'offset')
  assert.equal((await send(stand, 'DELETE', `/library/${image.body.id}`)).status, 200)
  const secret = await send(stand, 'POST', '/secrets', { name: 'original', registry: 'registry.example.com', username: 'robot', password: 'pw' })
  assert.equal(secret.status, 201)
  has((await send(stand, 'GET', '/secrets?page=1&pageSize=10')).body, 'secrets', 'total', 'page', 'pageSize')
  assert.equal((await send(stand, 'PUT', `/secrets/${secret.body.id}`, { name: 'renamed', registry: 'registry.example.com', username: 'robot', password: 'pw' })).status, 200)
  assert.equal((await send(stand, 'DELETE', `/secrets/${secret.body.id}`)).status, 204)
  const users = await send(stand, 'GET', '/users')
  assert.ok(Array.isArray(users.body))
  has((await send(stand, 'GET', '/stats')).body.nodes, 'total', 'ready', 'coverage')
}

// Section by section: what one side sent and the other did not take, dropped or refused.
async function disagreements(browser, stand) {
  const images = [stand.image('original')]
  const user = await stand.post('/api/v1/users', { username: `oda-${Date.now()}`, password: 'chosen by the admin', role: 'viewer' })
  const put = (body) => send(stand, 'PUT', `/users/${user.id}`, body)
  assert.equal((await put({ role: 'operator' })).body.user.role, 'operator', 'a role can be edited')
  assert.equal((await put({ password: 'another one' })).status, 200, 'and so can the password, by its name')
  // A viewer sees the schedules, and all figures are the server's.
  assert.equal((await send(stand, 'GET', '/scheduled-tasks', undefined, (await viewer(stand)).token)).status, 200)
  await tasksByStatus(stand)
  await executionsByStatus(stand)
  const schedule = (more) => ({ name: 'x', cronExpr: '@daily', taskConfig: { images }, ...more })
  // What cannot run is not saved: too many images, a login that schedules do not keep.
  const many = Array.from({ length: 51 }, (_, index) => `registry.example.com/app:${index}`)
  const refusedMany = await send(stand, 'POST', '/scheduled-tasks', schedule({ taskConfig: { images: many } }))
  assert.deepEqual([refusedMany.status, refusedMany.body.field], [400, 'taskConfig.images'])
  const login = { registry: 'registry.example.com', username: 'robot', password: 'pw' }
  const refusedLogin = await send(stand, 'POST', '/scheduled-tasks', schedule({ taskConfig: { images, ...login } }))
  assert.equal(refusedLogin.status, 400, 'a login is not dropped without a word')
  // 1 is a delay, and a short password of a registry is a password.
  const short = await send(stand, 'POST', '/tasks/preview', { images, maxRetries: 1, retryDelay: 1, ...login })
  assert.equal(short.status, 200, JSON.stringify(short.body))
  await stand.call('DELETE', `/api/v1/users/${user.id}`)
}

// One that was cancelled and one that ended well: each list has its own and not the other's.
async function tasksByStatus(stand) {
  await stand.behave({ image: 'by-status-held', ends_after_ms: null }, { image: 'by-status-quick', ends_after_ms: [50, 100] })
  const held = await stand.post('/api/v1/tasks', { images: [stand.image('by-status-held')] })
  const quick = await stand.post('/api/v1/tasks', { images: [stand.image('by-status-quick')] })
  await send(stand, 'POST', `/tasks/${held.taskId}/cancel`)
  await stand.ended(held.taskId)
  await stand.ended(quick.taskId)
  for (const [status, here, notHere] of [['cancelled', held, quick], ['completed', quick, held]]) {
    const { body } = await send(stand, 'GET', `/tasks?status=${status}&limit=100`)
    const ids = body.tasks.map((task) => task.taskId)
    assert.ok(ids.includes(here.taskId) && !ids.includes(notHere.taskId), `tasks that are ${status}`)
    assert.ok(body.tasks.every((task) => task.status === status))
  }
}

// A run that runs and one that was left out because of it.
async function executionsByStatus(stand) {
  const schedule = { name: 'overlaps', cronExpr: '@daily', overlapPolicy: 'skip', taskConfig: { images: [stand.image('by-status-held')] } }
  const made = await send(stand, 'POST', '/scheduled-tasks', schedule)
  assert.equal(made.status, 201, '@daily is a timetable')
  const { id } = made.body
  const run = await send(stand, 'POST', `/scheduled-tasks/${id}/trigger`)
  assert.equal(run.status, 200, JSON.stringify(run.body))
  assert.equal((await send(stand, 'POST', `/scheduled-tasks/${id}/trigger`)).status, 409)
  const of = async (query) => (await send(stand, 'GET', `/scheduled-tasks/${id}/executions?${query}`)).body
  assert.equal((await of('limit=10')).total, 2)
  for (const status of ['running', 'skipped']) {
    const found = await of(`status=${status}`)
    assert.deepEqual([found.total, found.executions.map((execution) => execution.status)], [1, [status]], `executions that are ${status}`)
  }
  assert.equal((await of('status=failed')).total, 0)
  await send(stand, 'POST', `/tasks/${run.body.taskId}/cancel`)
  await stand.ended(run.body.taskId)
  await send(stand, 'DELETE', `/scheduled-tasks/${id}`)
}

// The original's dashboard counted its newest 100 tasks in the browser, and failed as a whole for a viewer.
async function overviewCountsAll(browser, stand) {
  const before = (await stand.get('/api/v1/stats')).lastDay
  await stand.behave({ image: 'counted', ends_after_ms: [10, 50] })
  const more = 130
  const tasks = []
  for (let index = 0; index < more; index += 10) {
    const ten = Array.from({ length: 10 }, () => stand.post('/api/v1/tasks', { images: [stand.image('counted')], nodeNames: ['node-00001'] }))
    tasks.push(...(await Promise.all(ten)))
  }
  for (const { taskId } of tasks) await stand.ended(taskId)
  const after = (await stand.get('/api/v1/stats')).lastDay
  assert.equal(after.tasks - before.tasks, more)
  assert.equal(after.succeededPulls - before.succeededPulls, more)
  const images = [stand.image('counted')]
  const schedule = await stand.post('/api/v1/scheduled-tasks', { name: 'seen by viewers', cronExpr: '* * * * *', taskConfig: { images, nodeNames: ['node-00001'] } })
  const who = await viewer(stand)
  const { page, problems, close } = await openPage(browser, stand, { who: { username: who.user.username, password: 'his own choice' } })
  await page.goto('/')
  await page.getByText(new RegExp(`^${after.succeededPulls.toLocaleString('en').replace(',', ',?')} succeeded`)).waitFor()
  await page.getByRole('region', { name: 'Next schedules' }).getByText('seen by viewers').waitFor()
  assert.equal(await page.getByRole('alert').count(), 0, 'a viewer’s overview has no error')
  clean(problems, 'a viewer’s overview')
  await close()
  await send(stand, 'DELETE', `/scheduled-tasks/${schedule.id}`)
  // Leave the lists of other stories as short as they were.
  for (let index = 0; index < tasks.length; index += 100) {
    await stand.post('/api/v1/tasks/bulk', { action: 'delete', ids: tasks.slice(index, index + 100).map(({ taskId }) => taskId) })
  }
}

async function viewer(stand) {
  const who = { username: `vic-${Date.now()}`, password: 'chosen by the admin' }
  const made = await stand.post('/api/v1/users', { ...who, role: 'viewer' })
  const { token } = await stand.logIn(who)
  await send(stand, 'PUT', `/users/${made.id}`, { currentPassword: who.password, password: 'his own choice' }, token)
  return stand.logIn({ username: who.username, password: 'his own choice' })
}

// The form takes what the API takes: words as timetables, and the refusal of too many images stands at its field.
async function formAgrees(browser, stand) {
  const { page, problems, close } = await openPage(browser, stand)
  await page.goto('/tasks/new')
  await page.getByLabel('Images').fill(Array.from({ length: 51 }, (_, index) => `registry.example.com/app:${index}`).join('\n'))
  await page.getByRole('button', { name: 'By a timetable' }).click()
  await page.getByLabel('Name of the schedule').fill('nightly')
  await page.getByLabel('Timetable', { exact: true }).fill('@daily')
  await page.getByRole('button', { name: 'Create schedule' }).click()
  await page.locator('textarea[aria-invalid=true]').waitFor()
  assert.match(await page.locator('.field .error').first().textContent(), /50/)
  await page.getByLabel('Images').fill(stand.image('original'))
  await page.getByRole('button', { name: 'Create schedule' }).click()
  await page.waitForURL(/\/schedules\/sched-/)
  await stand.call('DELETE', `/api/v1/scheduled-tasks/${new URL(page.url()).pathname.split('/')[2]}`)
  clean(problems, 'the form')
  await close()
}

export const stories = [
  { name: 'the calls of the original’s own front end', run: itsOwnCalls },
  { name: 'where its front end and back end disagreed', run: disagreements },
  { name: 'the form takes what the API takes', run: formAgrees },
  { name: 'the overview counts everything, for everyone', run: overviewCountsAll },
]
