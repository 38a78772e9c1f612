// Takes the pictures of the README: a coordinator with simulated agents, a few tasks, schedules and policies, five pages. Run by `make screenshots`.
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { launch, openPage } from '../tests/browser/browser.mjs'
import { live } from '../tests/browser/checks.mjs'
import { Stand } from '../tests/browser/stand.mjs'

const folder = fileURLToPath(new URL('../../docs/console/', import.meta.url))
mkdirSync(folder, { recursive: true })
const stand = await Stand.start({ nodes: 300 })
const browser = await launch()
try {
  await stand.behave(
    { image: 'shop/', ends_after_ms: [300, 2000], progress_every_ms: 300, listed: true },
    { image: 'private/', ends_after_ms: [100, 400], refused: true },
    { image: 'base/', ends_after_ms: [8000, 90_000], progress_every_ms: 300, listed: true },
    { image: 'models/', ends_after_ms: [20_000, 90_000], progress_every_ms: 300 },
  )
  await stand.call('PUT', '/api/v1/limits', { clusterPulls: 2000, registryDefault: {}, registries: [] })
  const done = await stand.post('/api/v1/tasks', { images: [stand.image('shop/web'), stand.image('shop/api')] })
  await stand.ended(done.taskId)
  const refused = await stand.post('/api/v1/tasks', { images: [stand.image('private/payments')], maxNodes: 37 })
  await stand.ended(refused.taskId)
  const running = await stand.post('/api/v1/tasks', { images: [stand.image('models/llm'), stand.image('models/embed')] })
  const models = { name: 'Models, every night', cronExpr: '30 2 * * *', timezone: 'Asia/Tokyo', taskConfig: { images: [stand.image('models/llm')] } }
  const shop = { name: 'Shop, before the rollout', cronExpr: '0 6 * * 1-5', timezone: 'Europe/Berlin', taskConfig: { images: [stand.image('shop/web')] } }
  for (const schedule of [models, shop]) await stand.post('/api/v1/scheduled-tasks', schedule)
  await stand.post('/api/v1/policies', { name: 'Shop, always warm', taskConfig: { images: [stand.image('shop/web'), stand.image('shop/api')] } })
  const base = { name: 'Base images', description: 'What most pods begin from.', taskConfig: { images: [stand.image('base/java'), stand.image('base/python')], pin: true } }
  const kept = await stand.post('/api/v1/policies', base)
  for (const colorScheme of ['light', 'dark']) {
    const { page, close } = await openPage(browser, stand, { viewport: { width: 1280, height: 860 }, colorScheme })
    for (const [name, path] of [['overview', '/'], ['task', `/tasks/${running.taskId}?by=topology.kubernetes.io%2Fzone`], ['failures', `/tasks/${refused.taskId}`], ['policy', `/policies/${kept.id}`], ['nodes', '/nodes?view=map&color=disk&group=topology.kubernetes.io%2Fzone']]) {
      await page.goto(path)
      await live(page)
      await page.waitForTimeout(6000)
      await page.screenshot({ path: `${folder}${name}-${colorScheme}.png` })
    }
    await close()
  }
} finally {
  await browser.close()
  await stand.stop()
}
