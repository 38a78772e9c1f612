const error = {
  load: 'This could not be loaded',
  unreachable: 'The coordinator can’t be reached',
  code: 'Code',
  requestId: 'Request id',
  notFound: 'There is nothing here',
  notFoundHint: 'The address may be wrong, or what was here has been removed.',
  next: {
    wait: 'The coordinator may be restarting. Try again in a moment; nothing you typed is lost.',
    login: 'Log in again.',
    ask: 'Your role does not allow this. An administrator can change it.',
    gone: 'It was removed meanwhile, or never existed. Go back to the list.',
    reload: 'Something changed meanwhile. Look at it again, then decide anew.',
    slow: 'Too many requests. Wait a little, then try again.',
    report: 'This is a fault of the coordinator. Its log has more under the request id.',
    correct: 'Correct what the message names, then try again.',
  },
}

export default error
