// Languages. English is the reference: its type is the catalogue, other languages must have every key.
import { watch } from 'vue'
import { createI18n } from 'vue-i18n'
import { usePreference } from '@/composables/usePreference'
import en, { type Messages } from './en'

export const languages = ['en', 'zh-CN'] as const
export type Language = (typeof languages)[number]

const preferred: Language = navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en'
export const language = usePreference<Language>('language', languages, preferred)

export const i18n = createI18n<[Messages], Language, false>({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en } as Record<Language, Messages>,
})

// The browser's own variety of a language (en-GB, zh-Hans-CN): dates and numbers are written as its owner is used to.
export function regional(now: string): string {
  const base = now.split('-')[0] ?? now
  return navigator.languages.find((tag) => tag.split('-')[0] === base) ?? now
}

async function use(now: Language): Promise<void> {
  if (now === 'zh-CN') i18n.global.setLocaleMessage('zh-CN', (await import('./zh-CN')).default)
  i18n.global.locale.value = now
  document.documentElement.lang = now
}

// Resolves once the language of this browser is there, then follows the choice.
export async function startLanguage(): Promise<void> {
  watch(language, (now) => void use(now))
  await use(language.value)
}
