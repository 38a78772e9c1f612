// Languages. English is the reference: its type is the catalogue, other languages must have every key of it. Only the language that is
// shown is loaded: what the frame and the overview say first, the rest right after.
import { computed, shallowRef, watch } from 'vue'
import { usePreference } from '@/composables/usePreference'
import type { Core } from '@/locales/en/core'
import type { Rest } from '@/locales/en/rest'
import { fill, find, form, type Leaves, type Tree, type Values } from './text'

export const languages = ['en', 'zh-CN'] as const
export type Language = (typeof languages)[number]
export type MessageKey = Leaves<Core & Rest>

const sources = {
  en: { core: () => import('@/locales/en/core'), rest: () => import('@/locales/en/rest') },
  'zh-CN': { core: () => import('@/locales/zh-CN/core'), rest: () => import('@/locales/zh-CN/rest') },
} as const satisfies Record<Language, Record<'core' | 'rest', () => Promise<{ default: Tree }>>>

const preferred: Language = navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en'
export const language = usePreference<Language>('language', languages, preferred)

const messages = shallowRef<Tree>({})
const shown = shallowRef<Language>(language.value)
let whole: Promise<void> | undefined

// The browser's own variety of a language (en-GB, zh-Hans-CN): dates and numbers are written as its owner is used to.
function regional(now: string): string {
  const base = now.split('-')[0] ?? now
  return navigator.languages.find((tag) => tag.split('-')[0] === base) ?? now
}

async function loadRest(now: Language): Promise<void> {
  const rest = (await sources[now].rest()).default
  if (shown.value === now) messages.value = { ...messages.value, ...rest }
}

async function use(now: Language, first: boolean): Promise<void> {
  const core = (await sources[now].core()).default
  // After the first time everything is there already: a page must not lose its words in between.
  const rest = first ? {} : (await sources[now].rest()).default
  messages.value = { ...core, ...rest }
  shown.value = now
  document.documentElement.lang = now
}

// Resolves once the first words are there, then follows the choice.
export async function startLanguage(): Promise<void> {
  await use(language.value, true)
  watch(language, (now) => void use(now, false))
}

// Resolves once every word is there.
export function allTexts(): Promise<void> {
  whole ??= loadRest(shown.value).catch(() => void (whole = undefined))
  return whole
}

// For tests: a catalogue without loading.
export function setTexts(now: Language, tree: Tree): void {
  messages.value = tree
  shown.value = now
}

const tag = computed(() => regional(shown.value))

// t('tasks.title'), t('common.of', { part, total }), t('tasks.failedPulls', 3), t('x', { name }, 3).
function t(key: MessageKey, values: Values | number = {}, count?: number): string {
  const text = find(messages.value, key)
  if (text === undefined) return key
  const number = typeof values === 'number' ? values : count
  const known = typeof values === 'number' ? {} : values
  if (number === undefined) return fill(text, known, tag.value)
  return fill(form(text, number), { count: number, ...known }, tag.value)
}

const n = (value: number): string => value.toLocaleString(tag.value)

export function useI18n() {
  return {
    t,
    n,
    // The language of the words.
    locale: shown,
    // The same with the habits of the browser's owner, for numbers and dates.
    tag,
  }
}
