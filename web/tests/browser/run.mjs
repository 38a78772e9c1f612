// The console in a real browser against a real coordinator with simulated agents. Stories are in stories/, one file for each noun; each opens
// pages of its own and leaves nothing behind that another one would trip over.
//   ONLY=text        only stories whose name or file contains the text
//   IPS_TARGET       folder of the programs (default target/debug)
//   IPS_SCREENSHOTS  folder for screenshots (optional)
//   CHROMIUM         path of the browser (optional)
import { mkdirSync, readdirSync } from 'node:fs'
import { launch } from './browser.mjs'
import { Stand } from './stand.mjs'

const only = process.env.ONLY ?? ''
const setting = { shots: process.env.IPS_SCREENSHOTS }
if (setting.shots) mkdirSync(setting.shots, { recursive: true })

const files = readdirSync(new URL('stories/', import.meta.url)).filter((name) => name.endsWith('.mjs')).sort()
const stories = []
for (const file of files) {
  const known = (await import(`./stories/${file}`)).stories
  stories.push(...known.filter(({ name }) => `${file} ${name}`.includes(only)).map((story) => ({ ...story, file })))
}

const stand = await Stand.start()
const browser = await launch()
let failed = 0
try {
  for (const { name, file, run } of stories) {
    const started = Date.now()
    try {
      await run(browser, stand, setting)
      console.log(`ok    ${file}: ${name} (${Date.now() - started} ms)`)
    } catch (error) {
      failed += 1
      console.log(`FAIL  ${file}: ${name}\n${String(error.stack ?? error).replace(/^/gm, '      ')}`)
    }
  }
} finally {
  await browser.close()
  if (failed > 0) console.log(stand.logOf('ips-coordinator'))
  await stand.stop()
}
console.log(`${stories.length - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
