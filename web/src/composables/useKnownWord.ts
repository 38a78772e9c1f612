// Words of the API in the reader's language; one that this console does not know yet is shown as it is.
import { useI18n, type MessageKey } from '@/i18n'

export type KnownWords = Readonly<Record<string, MessageKey>>

export function useKnownWord(known: KnownWords): (word: string) => string {
  const { t } = useI18n()
  return (word) => {
    const key = known[word]
    return key ? t(key) : word
  }
}
