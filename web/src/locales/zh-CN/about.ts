import type en from '../en/about'

const about: typeof en = {
  title: '关于',
}

export default about
