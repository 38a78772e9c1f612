const prefs = {
  title: 'Preferences',
  text: 'They hold for this browser.',
  theme: 'Theme',
  themes: { system: 'System', light: 'Light', dark: 'Dark' },
  language: 'Language',
  zone: 'Time zone',
  zoneHint: 'All times are shown in it. Point at a time to see it in UTC.',
  zoneBrowser: 'This browser ({zone})',
}

export default prefs
