import type en from '../en/settings'

const settings: typeof en = {
  title: '设置',
}

export default settings
