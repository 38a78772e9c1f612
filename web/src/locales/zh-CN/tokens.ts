import type en from '../en/tokens'

const tokens: typeof en = {
  title: '令牌',
}

export default tokens
