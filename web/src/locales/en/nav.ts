const nav = {
  label: 'Main',
  open: 'Open the menu',
  group: { prewarm: 'Prewarm', cluster: 'Cluster', admin: 'Administration' },
  overview: 'Overview',
  tasks: 'Tasks',
  policies: 'Policies',
  schedules: 'Schedules',
  coverage: 'Coverage',
  library: 'Library',
  nodes: 'Nodes',
  registries: 'Registries',
  notifications: 'Notifications',
  users: 'Users',
  tenants: 'Tenants',
  tokens: 'Tokens',
  audit: 'Audit',
  settings: 'Settings',
  about: 'About',
  api: 'API reference',
}

export default nav
