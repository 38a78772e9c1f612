const notifications = {
  title: 'Notifications',
}

export default notifications
