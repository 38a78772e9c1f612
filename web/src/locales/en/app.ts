const app = { name: 'IPS', search: 'Search and go', preferences: 'Preferences', subtitle: 'Image Prewarm Service', skip: 'Skip to content' }

export default app
