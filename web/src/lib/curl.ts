// A request as a command line that a POSIX shell understands.

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

export function curlCommand(url: string, body: unknown): string {
  const lines = [
    `curl -sS -X POST ${quote(url)}`,
    `-H ${quote('Content-Type: application/json')}`,
    `-d ${quote(JSON.stringify(body))}`,
  ]
  return lines.join(' \\\n  ')
}
