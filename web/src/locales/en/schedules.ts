const schedules = {
  title: 'Schedules',
}

export default schedules
