import type en from '../en/overview'

const overview: typeof en = {
  title: '概览',
}

export default overview
