// Why an image is not warm on a node, in words; a reason that this console does not know yet is shown as it is.
import { useI18n, type MessageKey } from '@/i18n'

const known: Readonly<Record<string, MessageKey>> = {
  agent_missing: 'policies.reason.agent_missing',
  not_ready: 'policies.reason.not_ready',
  inventory_unknown: 'policies.reason.inventory_unknown',
  no_space: 'policies.reason.no_space',
  evicted_twice: 'policies.reason.evicted_twice',
  pull_failed: 'policies.reason.pull_failed',
  waiting: 'policies.reason.waiting',
  pulling: 'policies.reason.pulling',
  other_digest: 'policies.reason.other_digest',
  flapping: 'policies.reason.flapping',
  not_shown: 'policies.reason.not_shown',
  policy_paused: 'policies.reason.policy_paused',
  due: 'policies.reason.due',
}

export function usePolicyReason(): (reason: string) => string {
  const { t } = useI18n()
  return (reason) => {
    const key = known[reason]
    return key ? t(key) : reason
  }
}
