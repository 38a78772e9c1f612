import type en from '../en/error'

const error: typeof en = {
  load: '加载失败',
  unreachable: '无法连接协调器',
  code: '错误码',
  requestId: '请求 ID',
  notFound: '这里什么也没有',
  notFoundHint: '地址可能有误，或者内容已被删除。',
  next: {
    wait: '协调器可能正在重启，请稍后重试；已输入的内容不会丢失。',
    login: '请重新登录。',
    ask: '您的角色不允许此操作，管理员可以调整角色。',
    gone: '该对象已被删除或从未存在，请返回列表。',
    reload: '内容已发生变化，请查看后重新决定。',
    slow: '请求过多，请稍候再试。',
    report: '这是协调器的故障，可在其日志中按请求 ID 查找详情。',
    correct: '请按提示修正后重试。',
  },
}

export default error
