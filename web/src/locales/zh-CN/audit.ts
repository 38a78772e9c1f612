import type en from '../en/audit'

const audit: typeof en = {
  title: '审计',
}

export default audit
