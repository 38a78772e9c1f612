// A request as a command line that a POSIX shell understands.

export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

// With a token of the shell's own where the coordinator asks for one: nobody pastes a token into a chat by accident.
export function curlCommand(url: string, body: unknown, withToken = false): string {
  const lines = [
    `curl -sS -X POST ${quote(url)}`,
    ...(withToken ? ['-H "Authorization: Bearer $IPS_TOKEN"'] : []),
    `-H ${quote('Content-Type: application/json')}`,
    `-d ${quote(JSON.stringify(body))}`,
  ]
  return lines.join(' \\\n  ')
}
