// Passwords that nobody has to make up.

// Without letters and digits that look alike.
const letters = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
const groups = 4
const groupLength = 5

// Four groups of five, about 115 bits.
export function makePassword(random: (bytes: Uint32Array<ArrayBuffer>) => Uint32Array = (bytes) => crypto.getRandomValues(bytes)): string {
  const numbers = random(new Uint32Array(groups * groupLength))
  const chosen = [...numbers].map((number) => letters[number % letters.length] ?? 'x')
  return Array.from({ length: groups }, (_, group) => chosen.slice(group * groupLength, (group + 1) * groupLength).join('')).join('-')
}
