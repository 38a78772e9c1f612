// Logging in at a provider: a real one, whose own pages a person fills in.
import assert from 'node:assert/strict'
import { openPage } from '../browser.mjs'
import { accessible, clean, live, shot } from '../checks.mjs'
import { Provider } from '../provider.mjs'
import { Stand } from '../stand.mjs'

const fonts = 'https://fonts.googleapis.com/'

async function through(page, name) {
  await page.locator('input[name=login]').fill(name)
  await page.locator('input[name=password]').fill('any')
  await page.getByRole('button', { name: 'Sign-in' }).click()
  await page.getByRole('button', { name: 'Continue' }).click()
}

// Whoever is in a group that has a role is in, where they wanted to be, with that role; whoever is not is told why.
async function atTheProvider(browser, _, setting) {
  const provider = await Provider.prepare()
  if (!provider) return console.log('      left out: the log-in provider is not in the cache (tests/setup/oidc.sh)')
  let stand
  try {
    stand = await Stand.start({ nodes: 1, args: (made) => provider.args(made) })
    await provider.start(stand, { ana: ['dev', 'all'], bo: ['sales'] })
    const { page, problems, context, close } = await openPage(browser, stand, { who: null })
    // The provider's own pages ask for a font.
    await page.route(`${fonts}**`, (route) => route.abort())
    await page.goto('/nodes')
    const link = page.getByRole('link', { name: /^Log in with / })
    await link.waitFor()
    await accessible(page, 'log-in with a provider')
    await shot(page, setting, 'login-provider')
    await link.click()
    await through(page, 'ana')
    await page.waitForURL(`${stand.url}/nodes`)
    await live(page)
    await page.getByRole('heading', { name: 'Nodes', exact: true }).waitFor()
    await page.getByTitle(/^Logged in as ana \(operator\)$/i).waitFor()
    assert.ok(!/code=|token/.test(page.url()), 'nothing of a log-in is in the address')
    // It is a log-in like any other one: it lasts over a reload, and ends.
    await page.reload()
    await live(page)
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.waitForURL(/\/login/)
    assert.equal(await page.evaluate(() => sessionStorage.getItem('ips.refresh')), null)
    await context.clearCookies()
    await page.goto('/tasks')
    await link.click()
    await through(page, 'bo')
    await page.getByRole('heading', { name: 'Log-in failed' }).waitFor()
    await accessible(page, 'refused by the groups')
    await shot(page, setting, 'login-provider-refused')
    await page.getByRole('link', { name: /^Back to the log-in/ }).click()
    await page.locator('input[name=username]').waitFor()
    assert.equal(await page.evaluate(() => sessionStorage.getItem('ips.refresh')), null, 'without a group with a role nobody is in')
    const ours = problems.filter((problem) => !problem.includes(provider.issuer) && !problem.includes(fonts))
    clean(ours, 'log-in at a provider')
    await close()
  } finally {
    await stand?.stop()
    await provider.stop()
  }
}

export const stories = [{ name: 'log in at a provider', run: atTheProvider }]
