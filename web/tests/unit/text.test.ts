import { expect, test } from 'vitest'
import { fill, find, form } from '@/i18n/text'

const tree = { tasks: { title: 'Tasks', state: { failed: 'Failed' } } }

test('a key is a path; one that leads nowhere is no text', () => {
  expect(find(tree, 'tasks.title')).toBe('Tasks')
  expect(find(tree, 'tasks.state.failed')).toBe('Failed')
  for (const bad of ['tasks', 'tasks.state', 'tasks.title.x', 'x.y', '']) expect(find(tree, bad)).toBeUndefined()
})

test('forms of number', () => {
  const two = '{count} pull | {count} pulls'
  expect([0, 1, 2].map((count) => form(two, count))).toEqual(['{count} pulls', '{count} pull', '{count} pulls'])
  expect([0, 1, 7].map((count) => form('none | one | many', count))).toEqual(['none', 'one', 'many'])
  expect(form('always', 3)).toBe('always')
})

test('parameters are filled in, numbers as the language writes them, unknown ones stay', () => {
  expect(fill('{part} of {total}', { part: 1234, total: '<b>' }, 'en')).toBe('1,234 of <b>')
  expect(fill('{part} of {total}', { part: 1 }, 'en')).toBe('1 of {total}')
})
