const coverage = {
  title: 'Coverage',
}

export default coverage
