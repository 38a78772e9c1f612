import { describe, expect, test } from 'vitest'
import type { Channel } from '@/api/channels'
import { pageOf } from '@/lib/audit'
import { changedChannel, channelFormOf, newChannel } from '@/lib/channelForm'
import { importLines, tagsOf } from '@/lib/importLines'
import { changeCount, limitsForm, limitsPatch } from '@/lib/limitsForm'
import { inputOf, momentOf } from '@/lib/moments'
import { makePassword } from '@/lib/password'
import { fullName, hostOf, hostOfImage } from '@/lib/registry'
import { tokenState } from '@/lib/tokens'

describe('library', () => {
  test('a pasted line is an image, a name and tags', () => {
    expect(importLines('docker.io/library/nginx:1.27 web server #prod #edge #prod\n\n  busybox  \n')).toEqual([
      { line: 1, image: 'docker.io/library/nginx:1.27', name: 'web server', tags: ['prod', 'edge'], hint: undefined },
      { line: 3, image: 'busybox', name: '', tags: [], hint: undefined },
    ])
  })

  test('what looks wrong is pointed at', () => {
    const hints = importLines('busybox\nhttps://x/y\nbusybox\nTeam/App').map(({ hint }) => hint)
    expect(hints).toEqual([undefined, 'scheme', 'duplicate', 'upper_case'])
  })

  test('tags are words', () => expect(tagsOf(' #prod, edge  prod')).toEqual(['prod', 'edge']))
})

describe('registries', () => {
  test.each([
    ['https://Harbor.example.com:8443/team/', 'harbor.example.com:8443'],
    ['registry-1.docker.io', 'docker.io'],
    ['localhost:5000', 'localhost:5000'],
  ])('%s is the host %s', (text, host) => expect(hostOf(text)).toBe(host))

  test.each([
    ['nginx', 'docker.io'],
    ['team/app:1', 'docker.io'],
    ['localhost/app', 'localhost'],
    ['quay.io/team/app', 'quay.io'],
  ])('%s comes from %s', (image, host) => expect(hostOfImage(image)).toBe(host))

  test.each([
    ['nginx', 'docker.io/library/nginx:latest'],
    ['team/app:1', 'docker.io/team/app:1'],
    ['localhost:5000/app', 'localhost:5000/app:latest'],
    ['quay.io/a/b@sha256:00', 'quay.io/a/b@sha256:00'],
  ])('runtimes list %s as %s', (image, name) => expect(fullName(image)).toBe(name))
})

describe('limits', () => {
  const limits = {
    clusterPulls: 50,
    nodePulls: 2,
    zoneLabel: 'zone',
    registryDefault: { pulls: 20 },
    registries: [
      { host: 'docker.io', pulls: 10, startsPerSecond: 2 },
      { host: 'quay.io', pulls: 5 },
    ],
    state: { paused: [], registries: [] },
  }
  const base = limitsForm(limits)

  test('nothing changed is nothing sent', () => expect(limitsPatch(base, limitsForm(limits))).toBeUndefined())

  test('only what was changed is sent; empty takes a limit away', () => {
    const form = { ...limitsForm(limits), nodePulls: '' as const, defaultRate: 3, hosts: [{ host: 'docker.io', pulls: 0, rate: 2 }] }
    const patch = limitsPatch(base, form)
    expect(patch).toEqual({
      nodePulls: null,
      registryDefault: { startsPerSecond: 3 },
      registries: [{ host: 'docker.io', pulls: 0, startsPerSecond: 2 }],
      removeRegistries: ['quay.io'],
    })
    expect(changeCount(patch ?? {})).toBe(4)
  })
})

describe('channels', () => {
  const channel: Channel = {
    id: 3,
    name: 'ops',
    kind: 'webhook',
    enabled: true,
    language: 'en',
    events: ['task.failed'],
    host: 'https://hooks.example.com',
    hasSecret: true,
    readable: true,
    createdAt: '2026-11-24T00:00:00Z',
    updatedAt: '2026-11-24T00:00:00Z',
  }

  test('what was not typed again stays as it is', () => {
    const request = changedChannel(channelFormOf(channel, 'en'))
    expect(request).toEqual({ name: 'ops', enabled: true, language: 'en', events: ['task.failed'], url: undefined, secret: undefined })
  })

  test('a secret is removed only when that is said', () => {
    expect(changedChannel({ ...channelFormOf(channel, 'en'), removeSecret: true }).secret).toBe('')
  })

  test('mail has a server and receivers instead of an address', () => {
    const form = { ...channelFormOf(undefined, 'zh'), kind: 'email' as const, name: 'm', mailHost: 'smtp', mailFrom: 'a@b', mailTo: 'c@d; e@f' }
    expect(newChannel(form)).toMatchObject({ kind: 'email', email: { host: 'smtp', port: undefined, to: ['c@d', 'e@f'] } })
    expect(newChannel(form)).not.toHaveProperty('url')
  })
})

test('resources of the audit lead to pages', () => {
  expect(pageOf('tasks/nightly/cancel')).toEqual({ name: 'task', params: { id: 'nightly' } })
  expect(pageOf('tasks/bulk')).toBeUndefined()
  expect(pageOf('secrets/7')).toEqual({ name: 'registries' })
  expect(pageOf('nowhere/1')).toBeUndefined()
})

test('moments go through the wall clock of a zone and back', () => {
  expect(inputOf('2026-07-01T10:00:00Z', 'Europe/Berlin')).toBe('2026-07-01T12:00')
  expect(momentOf('2026-07-01T12:00', 'Europe/Berlin')).toBe('2026-07-01T10:00:00.000Z')
  expect([inputOf('', 'UTC'), momentOf('', 'UTC')]).toEqual(['', ''])
})

test('made passwords are long and hard to misread', () => {
  expect(makePassword()).toMatch(/^(?:[a-zA-Z2-9]{5}-){3}[a-zA-Z2-9]{5}$/)
  expect(makePassword()).not.toMatch(/[lIO01]/)
})

test('a token is active until it ends or is revoked', () => {
  const token = { id: 1, name: 'ci', owner: 'ana', shown: 'ips_a', role: 'operator', revoked: false, createdAt: '2026-11-24T00:00:00Z' }
  const now = Date.parse('2026-11-25T00:00:00Z')
  expect(tokenState(token, now)).toBe('active')
  expect(tokenState({ ...token, expiresAt: '2026-11-24T12:00:00Z' }, now)).toBe('expired')
  expect(tokenState({ ...token, revoked: true }, now)).toBe('revoked')
})
