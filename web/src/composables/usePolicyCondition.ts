// What a condition of a policy is called; one that this console does not know yet is shown as it is.
import { useI18n, type MessageKey } from '@/i18n'

const known: Readonly<Record<string, MessageKey>> = {
  Matched: 'policies.condition.Matched',
  TooLarge: 'policies.condition.TooLarge',
  Flapping: 'policies.condition.Flapping',
  TagMoved: 'policies.condition.TagMoved',
  Held: 'policies.condition.Held',
  Followed: 'policies.condition.Followed',
  AlwaysPulled: 'policies.condition.AlwaysPulled',
}

export function usePolicyCondition(): (type: string) => string {
  const { t } = useI18n()
  return (type) => (known[type] ? t(known[type]) : type)
}
