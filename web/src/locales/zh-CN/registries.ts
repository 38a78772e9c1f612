import type en from '../en/registries'

const registries: typeof en = {
  title: '镜像仓库',
}

export default registries
