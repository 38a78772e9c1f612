// What a condition of a policy is called.
import { useKnownWord, type KnownWords } from './useKnownWord'

const known: KnownWords = {
  Matched: 'policies.condition.Matched',
  TooLarge: 'policies.condition.TooLarge',
  Flapping: 'policies.condition.Flapping',
  TagMoved: 'policies.condition.TagMoved',
  Held: 'policies.condition.Held',
  Followed: 'policies.condition.Followed',
  AlwaysPulled: 'policies.condition.AlwaysPulled',
}

export const usePolicyCondition = () => useKnownWord(known)
