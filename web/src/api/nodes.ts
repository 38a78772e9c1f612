// Calls about nodes.
import { body, client } from './http'
import type { Node, NodePage } from './types'

export function listNodes(selector: string, limit: number): Promise<NodePage> {
  return body(client.GET('/api/v1/nodes', { params: { query: { limit, selector: selector || undefined } } }))
}

export function getNode(name: string): Promise<Node> {
  return body(client.GET('/api/v1/nodes/{name}', { params: { path: { name } } }))
}
