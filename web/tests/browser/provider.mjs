// A real log-in provider in a process of its own, as tests/setup/oidc.sh has put it into the cache; undefined where it is not there.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { end, freePorts, until } from './stand.mjs'

const clientId = 'ips'
const clientSecret = 'the secret of the stories, for a provider of the stories'

function program() {
  const cache = process.env.IPS_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'ips')
  const name = join(cache, 'oidc')
  const folder = existsSync(name) ? readFileSync(name, 'utf8').trim() : 'none'
  return folder === 'none' ? undefined : join(folder, 'provider.mjs')
}

export class Provider {
  // One that does not run yet: the coordinator must know its address, and it the coordinator's.
  static async prepare() {
    const path = program()
    if (!path) return undefined
    const provider = new Provider()
    provider.program = path
    provider.folder = mkdtempSync(join(tmpdir(), 'ips-provider-'))
    ;[provider.port] = await freePorts(1)
    provider.issuer = `http://127.0.0.1:${provider.port}`
    writeFileSync(join(provider.folder, 'client-secret'), clientSecret)
    return provider
  }

  // The options of a coordinator that lets people log in here.
  args(stand) {
    return [
      ...['--oidc-issuer', this.issuer, '--oidc-client-id', clientId, '--oidc-client-secret-file', join(this.folder, 'client-secret')],
      ...['--oidc-scopes', 'openid,profile,groups', '--oidc-role', 'dev=operator;all=viewer', '--public-url', stand.url],
    ]
  }

  // `people`: groups by name.
  async start(stand, people) {
    const file = join(this.folder, 'people.json')
    writeFileSync(file, JSON.stringify(Object.fromEntries(Object.entries(people).map(([name, groups]) => [name, { preferred_username: name, groups }]))))
    const settings = { port: this.port, clientId, clientSecret, redirectUri: `${stand.url}/auth/oidc/callback`, people: file, claimsInToken: true }
    const log = openSync(join(this.folder, 'provider.log'), 'a')
    this.process = spawn(process.execPath, [this.program, JSON.stringify(settings)], { stdio: ['ignore', log, log] })
    await until('the log-in provider', async () => (await fetch(`${this.issuer}/.well-known/openid-configuration`)).ok)
  }

  async stop() {
    await end(this.process)
    rmSync(this.folder, { recursive: true, force: true })
  }
}
