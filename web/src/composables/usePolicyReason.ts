// Why an image is not warm on a node, in words.
import { useKnownWord, type KnownWords } from './useKnownWord'

const known: KnownWords = {
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

export const usePolicyReason = () => useKnownWord(known)
