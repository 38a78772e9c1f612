import type en from '../en/about'

const about: typeof en = {
  title: '关于',
  text: '这里运行着什么，状况如何。',
  health: '健康状况',
  ready: '就绪',
  notReady: '未就绪',
  readyText: '协调器正常服务，存储可以写入。',
  reasons: '原因',
  warnings: '正在服务，但是',
  parts: '各部分',
  part: { database: '数据库', migrations: '数据库表结构', engine: '调度引擎', keys: '密钥', audit: '审计', outbox: '通知', schedules: '定时任务' },
  works: '正常',
  broken: '异常',
  started: '启动时间',
  asked: '{when}查询',
  ask: '再次查询',
  versions: '版本',
  coordinator: '协调器',
  product: '镜像预热服务',
  agents: '节点代理',
  runtimes: '容器运行时',
  nodeCount: '{count} 个节点 | {count} 个节点',
  noAgents: '还没有节点代理连接过。',
  mixed: '已连接的节点代理有多个版本：更新过程中属于正常现象。',
  links: '更多',
  api: 'API 参考',
  document: 'OpenAPI 文档',
  shortcuts: '按 ? 查看本控制台的快捷键。',
}

export default about
