import type en from '../en/users'

const users: typeof en = {
  title: '用户',
}

export default users
