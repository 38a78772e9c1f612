import type en from '../en/library'

const library: typeof en = {
  title: '镜像库',
}

export default library
