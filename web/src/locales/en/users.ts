const users = {
  title: 'Users',
}

export default users
