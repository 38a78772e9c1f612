import { expect, test } from 'vitest'
import enCore from '@/locales/en/core'
import enRest from '@/locales/en/rest'
import zhCore from '@/locales/zh-CN/core'
import zhRest from '@/locales/zh-CN/rest'

interface Tree {
  [key: string]: string | Tree
}

function flatten(tree: Tree, prefix = ''): Map<string, string> {
  const entries = Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${prefix}${key}`, value] as const] : [...flatten(value, `${prefix}${key}.`)],
  )
  return new Map(entries)
}

const english = flatten({ ...enCore, ...enRest })
const chinese = flatten({ ...zhCore, ...zhRest })
const parameters = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort()

test('both languages have the same keys, and no text is empty', () => {
  expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort())
  for (const [key, text] of [...english, ...chinese]) expect(text.trim(), key).not.toBe('')
})

test('both languages have the same parameters and forms of number', () => {
  for (const [key, text] of english) {
    const other = chinese.get(key) ?? ''
    expect(parameters(other), key).toEqual(parameters(text))
    expect(other.split(' | ').length, key).toBe(text.split(' | ').length)
  }
})

test('braces are closed and name a parameter', () => {
  for (const [key, text] of [...english, ...chinese]) expect(text.replace(/\{\w+\}/g, ''), key).not.toMatch(/[{}]/)
})

// Words that are the same in both languages: names, units, key caps. All others are translated.
test('Chinese texts are Chinese', () => {
  const same = [...english].filter(([key, text]) => chinese.get(key) === text && /[a-z]{4}/i.test(text)).map(([key]) => key)
  expect(same).toEqual([])
})

test('every key is used', () => {
  const files = import.meta.glob<string>(['@/**/*.vue', '@/**/*.ts', '!@/i18n/*', '!@/locales/**'], {
    query: '?raw',
    import: 'default',
    eager: true,
  })
  const sources = Object.values(files).join('\n')
  const unused = [...english.keys()].filter((key) => {
    const parent = key.slice(0, key.lastIndexOf('.'))
    return !sources.includes(`'${key}'`) && !sources.includes(`"${key}"`) && !sources.includes(`\`${parent}.\${`)
  })
  expect(unused).toEqual([])
})
