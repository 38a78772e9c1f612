// What several stories do.
export const unique = (word) => `${word}-${Date.now().toString(36)}`

// Status and body, also of what is refused.
export async function api(stand, method, path, body) {
  const headers = { authorization: `Bearer ${stand.token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
  const answer = await fetch(`${stand.url}${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
  const text = await answer.text()
  return { status: answer.status, body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text }
}

// The field with this label, whatever else has a similar one.
export const field = (scope, label) => scope.getByLabel(label, { exact: true })

export async function confirmed(page, name, button) {
  const dialog = page.getByRole('alertdialog')
  await dialog.getByText(name).first().waitFor()
  await dialog.getByRole('button', { name: button, exact: true }).click()
  await dialog.waitFor({ state: 'hidden' })
}
