// A real coordinator and simulated agents for the stories: ports of their own, a folder of its own, gone afterwards. The programs are those of
// target/debug (IPS_TARGET names another folder), built by cargo; the console is web/dist.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tagOfSources } from '../../scripts/sources.mjs'

const target = process.env.IPS_TARGET ?? fileURLToPath(new URL('../../../target/debug/', import.meta.url))
export const admin = { username: 'admin', password: 'the password of the stories' }
const firstPassword = 'the first password'
const bootstrapToken = 'ips-bootstrap-for-the-stories-alone'

export async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, () => new Promise((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => resolve(server))
    })),
  )
  const ports = servers.map((server) => server.address().port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

export async function until(what, reached, limitMs = 30_000) {
  const end = Date.now() + limitMs
  for (;;) {
    const value = await Promise.resolve(reached()).catch(() => undefined)
    if (value) return value
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export class Stand {
  // `args`: more options of the coordinator, made of the stand.
  static async start({ nodes = 12, images = 40, args = () => [] } = {}) {
    const stand = new Stand()
    stand.folder = mkdtempSync(join(tmpdir(), 'ips-stories-'))
    const [http, grpc, metrics, agents] = await freePorts(4)
    stand.ports = { http, grpc, metrics, agents }
    stand.url = `http://127.0.0.1:${http}`
    stand.nodes = nodes
    stand.args = args(stand)
    writeFileSync(join(stand.folder, 'first-password'), firstPassword)
    writeFileSync(join(stand.folder, 'bootstrap-token'), bootstrapToken)
    for (const key of ['token-key', 'encryption-key']) writeFileSync(join(stand.folder, key), Buffer.alloc(32, key))
    try {
      await stand.startCoordinator()
      await stand.servesWhatIsHere()
      stand.agents = stand.run('simulated-agents', [
        JSON.stringify({ coordinator: `http://127.0.0.1:${grpc}`, bootstrap_token: bootstrapToken, nodes, images, ramp_ms: Math.min(5000, nodes), port: agents }),
      ])
      await stand.firstLogIn()
      await until(`${nodes} nodes to be ready`, async () => (await stand.get('/api/v1/stats')).nodes.ready === nodes, 120_000)
    } catch (error) {
      const logs = ['ips-coordinator', 'simulated-agents'].filter((name) => existsSync(join(stand.folder, `${name}.log`)))
      console.log(logs.map((name) => stand.logOf(name)).join('\n'))
      await stand.stop()
      throw error
    }
    return stand
  }

  // What is embedded in the program (a release), or lies in web/dist, is built from the sources that are here.
  async servesWhatIsHere() {
    const page = await (await fetch(this.url)).text()
    if (!page.includes(tagOfSources())) throw new Error('the coordinator serves a console that was built from other sources: make build')
  }

  run(name, args) {
    const path = join(target, name)
    if (!existsSync(path)) throw new Error(`${path} is not there: cargo build --workspace`)
    const log = openSync(join(this.folder, `${name}.log`), 'a')
    return spawn(path, args, { stdio: ['ignore', log, log] })
  }

  async startCoordinator() {
    const { http, grpc, metrics } = this.ports
    const file = (name) => join(this.folder, name)
    const key = readFileSync(file('encryption-key')).toString('base64')
    writeFileSync(file('encryption-key-text'), key)
    this.coordinator = this.run('ips-coordinator', [
      ...['--http-address', `127.0.0.1:${http}`, '--grpc-address', `127.0.0.1:${grpc}`, '--metrics-address', `127.0.0.1:${metrics}`],
      ...['--database', `sqlite:${file('ips.db')}`, '--heartbeat-interval', '1s', '--token-lifetime', '24h', '--registry-allow-loopback'],
      ...['--admin-password-file', file('first-password'), '--jwt-key-file', file('token-key'), '--encryption-key-file', file('encryption-key-text')],
      ...['--bootstrap-token-file', file('bootstrap-token')],
      ...this.args,
      ...(process.env.IPS_COORDINATOR_ARGS ?? '').split(' ').filter((arg) => arg !== ''),
    ])
    const { coordinator } = this
    await until('the coordinator to answer', async () => {
      if (coordinator.exitCode !== null) throw new Error(this.logOf('ips-coordinator'))
      return (await fetch(`${this.url}/health`)).ok
    })
  }

  logOf(name) {
    return readFileSync(join(this.folder, `${name}.log`), 'utf8').split('\n').slice(-30).join('\n')
  }

  async firstLogIn() {
    const first = await this.post('/api/v1/login', { username: admin.username, password: firstPassword })
    this.token = first.token
    const change = { currentPassword: firstPassword, password: admin.password }
    await this.call('PUT', `/api/v1/users/${first.user.id}`, change)
    this.token = (await this.logIn()).token
  }

  // A log-in of its own for each page.
  logIn(who = admin) {
    return this.post('/api/v1/login', who)
  }

  async call(method, path, body) {
    const headers = { ...(this.token ? { authorization: `Bearer ${this.token}` } : {}), ...(body ? { 'content-type': 'application/json' } : {}) }
    const response = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }

  get(path) {
    return this.call('GET', path)
  }

  post(path, body) {
    return this.call('POST', path, body)
  }

  // An image of the invented registry.
  image(repository) {
    return `127.0.0.1:${this.ports.agents}/${repository}:v1`
  }

  // How pulls go from now on: rules by a part of the reference; without a rule they are held.
  async behave(...rules) {
    const body = JSON.stringify({ rules: rules.map((rule) => ({ ends_after_ms: null, progress_every_ms: 0, ...rule })) })
    const response = await fetch(`http://127.0.0.1:${this.ports.agents}/behaviour`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    if (!response.ok) throw new Error(`behaviour: ${response.status} ${await response.text()}`)
  }

  async ended(id) {
    return until(`${id} to end`, async () => {
      const task = await this.get(`/api/v1/tasks/${id}`)
      return ['completed', 'failed', 'cancelled'].includes(task.status) && task
    }, 60_000)
  }

  async stopCoordinator() {
    await end(this.coordinator)
  }

  async stop() {
    await Promise.all([end(this.coordinator), end(this.agents)])
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export async function end(child) {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await gone
  clearTimeout(timer)
}
