import { expect, test } from 'vitest'
import { choice, choices, readView, text, whole, writeView } from '@/lib/urlView'

const parts = { q: text(), state: choices(['running', 'failed']), sort: choice(['name', '-name'], 'name'), offset: whole() }

test('what the address does not say, or says wrongly, is the initial value', () => {
  const blank = { q: '', state: [], sort: 'name', offset: 0 }
  expect(readView(parts, {})).toEqual(blank)
  expect(readView(parts, { state: 'x', sort: 'x', offset: '-3' })).toEqual(blank)
  expect(readView(parts, { offset: '1.5' })).toEqual(blank)
})

test('a view that was written is read back; initial values are left out and the rest of the query stays', () => {
  const view = { q: 'a b', state: ['failed', 'running'] as const, sort: '-name' as const, offset: 40 }
  const query = writeView(parts, view, { tab: 'x', q: 'old' })
  expect(query).toEqual({ tab: 'x', q: 'a b', state: 'running,failed', sort: '-name', offset: '40' })
  expect(readView(parts, query)).toEqual({ ...view, state: ['running', 'failed'] })
  expect(writeView(parts, readView(parts, {}), query)).toEqual({ tab: 'x' })
})
