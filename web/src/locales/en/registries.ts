const registries = {
  title: 'Registries',
}

export default registries
