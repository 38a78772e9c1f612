const tokens = {
  title: 'Tokens',
}

export default tokens
