import { baseCompile } from '@intlify/message-compiler'
import { expect, test } from 'vitest'
import en from '@/i18n/en'
import zhCN from '@/i18n/zh-CN'

interface Tree {
  [key: string]: string | Tree
}

function flatten(tree: Tree, prefix = ''): Map<string, string> {
  const entries = Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${prefix}${key}`, value] as const] : [...flatten(value, `${prefix}${key}.`)],
  )
  return new Map(entries)
}

const english = flatten(en)
const chinese = flatten(zhCN)
const parameters = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort()

test('both languages have the same keys, and no text is empty', () => {
  expect([...chinese.keys()]).toEqual([...english.keys()])
  for (const [key, text] of [...english, ...chinese]) expect(text.trim(), key).not.toBe('')
})

test('both languages have the same parameters and plural forms', () => {
  for (const [key, text] of english) {
    const other = chinese.get(key) ?? ''
    expect(parameters(other), key).toEqual(parameters(text))
    expect(other.split(' | ').length, key).toBe(text.split(' | ').length)
  }
})

test('every text compiles', () => {
  for (const [key, text] of [...english, ...chinese]) {
    baseCompile(text, { onError: (error) => expect.fail(`${key}: ${error.message}`) })
  }
})

test('every key is used', () => {
  const files = import.meta.glob<string>(['@/**/*.vue', '@/**/*.ts', '!@/i18n/*'], { query: '?raw', import: 'default', eager: true })
  const sources = Object.values(files).join('\n')
  const unused = [...english.keys()].filter((key) => {
    const parent = key.slice(0, key.lastIndexOf('.'))
    return !sources.includes(`'${key}'`) && !sources.includes(`"${key}"`) && !sources.includes(`\`${parent}.\${`)
  })
  expect(unused).toEqual([])
})
