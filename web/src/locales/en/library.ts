const library = {
  title: 'Library',
}

export default library
