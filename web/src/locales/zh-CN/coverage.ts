import type en from '../en/coverage'

const coverage: typeof en = {
  title: '覆盖率',
}

export default coverage
