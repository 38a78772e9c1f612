// Why a control is switched off, and what a page says to whoever may not see it.
const access = {
  needs: 'Your role, {role}, may not do this. It needs {least}.',
  title: 'This page is not for your role',
  text: 'You are logged in as {role}. What is here needs {least}; ask an administrator if you should have it.',
  role: { viewer: 'viewer', operator: 'operator', admin: 'admin', 'system-admin': 'system admin' },
}

export default access
