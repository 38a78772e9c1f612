// Calls about nodes.
import { body, client } from './http'
import type { Node, NodePage, PullPage, PullState } from './types'

export function listNodes(selector: string, limit: number, offset = 0): Promise<NodePage> {
  return body(client.GET('/api/v1/nodes', { params: { query: { limit, offset, selector: selector || undefined } } }))
}

// Of the newest thousand tasks, the newest task first.
export function listNodePulls(name: string, states: readonly PullState[], limit: number): Promise<PullPage> {
  return body(client.GET('/api/v1/nodes/{name}/pulls', { params: { path: { name }, query: { limit, state: states.join(',') } } }))
}

export function getNode(name: string): Promise<Node> {
  return body(client.GET('/api/v1/nodes/{name}', { params: { path: { name } } }))
}
