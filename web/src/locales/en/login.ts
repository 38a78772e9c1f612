const login = {
  title: 'Log in',
  username: 'User name',
  password: 'Password',
  submit: 'Log in',
  wrong: 'User name and password do not fit.',
  tooMany: 'Too many tries. Wait a little and try again.',
  changeTitle: 'Choose a password',
  changeText: 'The password of {name} was set by somebody else. Choose your own before you go on.',
  current: 'Current password',
  new: 'New password',
  newHint: 'At least 8 characters.',
  again: 'New password once more',
  differs: 'The two differ.',
  change: 'Change password',
  as: 'Logged in as {name} ({role})',
  leave: 'Log out',
  expiredTitle: 'Log in again',
  expiredText: 'Your log-in has ended. The page stays as it is, with all that you typed.',
}

export default login
