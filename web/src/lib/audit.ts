// Where the thing of an audit record can be looked at. Pure.

export type ResourcePage = { name: string; params?: Record<string, string> }

const lists: Readonly<Record<string, string>> = {
  library: 'library',
  secrets: 'registries',
  channels: 'notifications',
  deliveries: 'notifications',
  users: 'users',
  tokens: 'tokens',
  limits: 'settings',
}

// "tasks/nightly/cancel" -> the page of the task; undefined where there is no page.
export function pageOf(resource: string): ResourcePage | undefined {
  const [noun = '', id] = resource.split('/')
  if (noun === 'tasks') return id && id !== 'bulk' && id !== 'preview' ? { name: 'task', params: { id } } : undefined
  if (noun === 'scheduled-tasks') return id ? { name: 'schedule', params: { id } } : undefined
  const list = lists[noun]
  return list === undefined ? undefined : { name: list }
}
