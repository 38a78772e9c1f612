// The console in a real browser against a running coordinator.
//   IPS_URL          base URL of the coordinator (required)
//   IPS_USER, IPS_PASSWORD  who logs in (default admin); not needed where identity is off
//   IPS_TEST_IMAGE   an image that its nodes can pull: adds the stories that create, watch and remove a task
//   IPS_SCREENSHOTS  folder for screenshots (optional)
//   CHROMIUM         path of the browser (optional)
import { mkdirSync } from 'node:fs'
import { launch, logIn } from './browser.mjs'
import { stories } from './stories.mjs'

const base = process.env.IPS_URL
if (!base) {
  console.error('IPS_URL is not set: give the base URL of a running coordinator, for example http://127.0.0.1:8080')
  process.exit(2)
}
const login = await logIn(base)
// Calls beside the pages carry a token of their own.
const headers = login ? { authorization: `Bearer ${login.token}` } : {}
const setting = { base, headers, asksWho: login !== undefined, image: process.env.IPS_TEST_IMAGE, shots: process.env.IPS_SCREENSHOTS }
if (setting.shots) mkdirSync(setting.shots, { recursive: true })

const browser = await launch()
let failed = 0
let skipped = 0
try {
  for (const { name, needsImage, needsLogin, run } of stories) {
    if (needsLogin && !setting.asksWho) {
      skipped += 1
      console.log(`skip  ${name} (identity is off)`)
      continue
    }
    if (needsImage && !setting.image) {
      skipped += 1
      console.log(`skip  ${name} (IPS_TEST_IMAGE is not set)`)
      continue
    }
    const started = Date.now()
    try {
      await run(browser, setting)
      console.log(`ok    ${name} (${Date.now() - started} ms)`)
    } catch (error) {
      failed += 1
      console.log(`FAIL  ${name}\n${String(error.stack ?? error).replace(/^/gm, '      ')}`)
    }
  }
} finally {
  await browser.close()
}
console.log(`${stories.length - failed - skipped} passed, ${failed} failed, ${skipped} skipped`)
process.exitCode = failed > 0 ? 1 : 0
