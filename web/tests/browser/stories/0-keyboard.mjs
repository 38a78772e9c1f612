// Work without a mouse, and without motion.
import assert from 'node:assert/strict'
import { openPage } from '../browser.mjs'
import { clean, live } from '../checks.mjs'

const mostStops = 120

// Tab, as often as it takes; each stop on the way is a thing that one sees to have the focus.
async function tabTo(page, target, key = 'Tab') {
  await target.waitFor()
  for (let press = 0; press < mostStops; press += 1) {
    await page.keyboard.press(key)
    const stop = await page.evaluate(() => {
      const at = document.activeElement
      if (!at || at === document.body) return undefined
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(at)
      return { name: `${at.tagName} ${at.getAttribute('aria-label') ?? at.textContent.trim().slice(0, 40)}`, seen: (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none' }
    })
    if (stop) assert.ok(stop.seen, `one does not see that ${stop.name} has the focus`)
    if (await target.evaluate((element) => element === document.activeElement)) return
  }
  assert.fail(`${key} does not reach ${target}`)
}

const hasFocus = (target) => target.evaluate((element) => element === document.activeElement)

// A task from the form through its grid to its end.
async function taskByKeys(browser, stand) {
  await stand.behave({ image: 'by-keys', ends_after_ms: null })
  const { page, problems, close } = await openPage(browser, stand)
  await page.goto('/tasks')
  await live(page)
  await page.keyboard.press('Tab')
  await page.getByRole('link', { name: 'Skip to content' }).waitFor()
  assert.ok(await hasFocus(page.getByRole('link', { name: 'Skip to content' })), 'the first stop leads to the content')
  await page.keyboard.press('Enter')
  await page.keyboard.press('c')
  await page.waitForURL(/\/tasks\/new$/)
  await tabTo(page, page.getByLabel('Images', { exact: true }))
  await page.keyboard.type(stand.image('by-keys'))
  await tabTo(page, page.getByRole('button', { name: 'Create task' }))
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/tasks\/task-/)

  const grid = page.getByRole('application')
  await tabTo(page, grid)
  await page.getByText(/^node-00000, .*by-keys:v1: /).waitFor({ state: 'attached' })
  await page.keyboard.press('ArrowRight')
  await page.getByText(/^node-00001, .*by-keys:v1: /).waitFor({ state: 'attached' })
  await page.keyboard.press('Enter')
  const pull = page.getByRole('dialog', { name: 'node-00001' })
  await pull.waitFor()
  await page.keyboard.press('Escape')
  await pull.waitFor({ state: 'detached' })
  assert.ok(await hasFocus(grid), 'the grid has the focus again')

  const cancel = page.getByRole('button', { name: 'Cancel task' })
  await tabTo(page, cancel, 'Shift+Tab')
  await page.keyboard.press('Enter')
  const question = page.getByRole('alertdialog')
  await question.waitFor()
  assert.ok(await hasFocus(question.getByRole('button', { name: 'Keep it running' })), 'the way back has the focus first')
  await page.keyboard.press('Escape')
  await question.waitFor({ state: 'detached' })
  assert.ok(await hasFocus(cancel), 'the button has the focus again')
  await page.keyboard.press('Enter')
  await tabTo(page, question.getByRole('button', { name: 'Cancel task' }))
  await page.keyboard.press('Enter')
  await page.locator('main .tag').filter({ hasText: 'Cancelled' }).first().waitFor({ timeout: 30_000 })
  clean(problems, 'a task by keys')
  await close()
}

// The palette and the help take the focus and give it back.
async function framesByKeys(browser, stand) {
  const { page, problems, close } = await openPage(browser, stand)
  await page.goto('/nodes')
  await live(page)
  const from = page.getByRole('button', { name: 'Map' })
  for (const [key, name] of [['Control+k', 'Go to'], ['?', 'Keyboard']]) {
    await tabTo(page, from)
    await page.keyboard.press(key)
    const dialog = page.getByRole('dialog')
    await dialog.waitFor()
    assert.ok(await dialog.evaluate((element) => element.contains(document.activeElement)), `${name}: the focus goes into it`)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    assert.ok(await hasFocus(from), `${name}: the focus is where it was`)
  }
  clean(problems, 'palette and help')
  await close()
}

// The longest motion that the style of anything on the page asks for, in seconds.
const longestMotion = (page) => page.evaluate(() => {
  const seconds = (text) => Math.max(...text.split(',').map((part) => parseFloat(part) * (part.trim().endsWith('ms') ? 0.001 : 1)))
  const styles = [...document.querySelectorAll('*')].map((element) => getComputedStyle(element))
  return Math.max(...styles.flatMap((style) => [style.animationName === 'none' ? 0 : seconds(style.animationDuration), seconds(style.transitionDuration)]))
})

// Whoever wants no motion gets none; the others have some, or this would say nothing.
async function motion(browser, stand) {
  await stand.behave({ image: 'moving', ends_after_ms: null, progress_every_ms: 200 })
  const { taskId } = await stand.post('/api/v1/tasks', { images: [stand.image('moving')] })
  const seen = {}
  for (const reducedMotion of ['no-preference', 'reduce']) {
    const { page, problems, close } = await openPage(browser, stand, { reducedMotion })
    await page.goto(`/tasks/${taskId}`)
    await live(page)
    await page.getByRole('button', { name: 'Cancel task' }).click()
    await page.getByRole('alertdialog').waitFor()
    seen[reducedMotion] = await longestMotion(page)
    clean(problems, `motion ${reducedMotion}`)
    await close()
  }
  await stand.post(`/api/v1/tasks/${taskId}/cancel`)
  assert.ok(seen['no-preference'] > 0.1, `with motion: ${seen['no-preference']} s`)
  assert.ok(seen.reduce <= 0.001, `without motion: ${seen.reduce} s`)
}

export const stories = [
  { name: 'a task by keys alone', run: taskByKeys },
  { name: 'palette and help give the focus back', run: framesByKeys },
  { name: 'no motion for whoever wants none', run: motion },
]
