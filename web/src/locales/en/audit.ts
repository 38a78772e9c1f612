const audit = {
  title: 'Audit',
}

export default audit
