// Calls about nodes.
import { body, client } from './http'
import type { Node, NodeGroups, NodePage, PullPage, PullState } from './types'

export function listNodes(selector: string, limit: number, offset = 0): Promise<NodePage> {
  return findNodes({ selector, limit, offset })
}

// `state`: a comma list in the API's words.
export interface NodeQuestion {
  selector: string
  limit: number
  offset: number
  q?: string
  state?: string
  sort?: string
}

export function findNodes({ selector, q, state, ...rest }: NodeQuestion, signal?: AbortSignal): Promise<NodePage> {
  const query = { ...rest, selector: selector || undefined, q: q || undefined, state: state || undefined }
  return body(client.GET('/api/v1/nodes', { params: { query }, signal }))
}

// What nodes are counted by.
export type GroupBy = 'label_keys' | `label:${string}` | 'agent_version' | 'runtime' | 'platform' | 'state'

export interface GroupQuestion {
  by: GroupBy
  selector?: string
  q?: string
  state?: string
  limit?: number
  // With the names of the nodes in each group.
  names?: boolean
}

// Counted by the coordinator: a cluster may have thousands of nodes.
export function groupNodes({ selector, q, state, ...rest }: GroupQuestion, signal?: AbortSignal): Promise<NodeGroups> {
  const query = { ...rest, selector: selector || undefined, q: q || undefined, state: state || undefined }
  return body(client.GET('/api/v1/node-groups', { params: { query }, signal }))
}

// Of the newest thousand tasks, the newest task first.
export function listNodePulls(name: string, states: readonly PullState[], limit: number): Promise<PullPage> {
  return body(client.GET('/api/v1/nodes/{name}/pulls', { params: { path: { name }, query: { limit, state: states.join(',') } } }))
}

export function getNode(name: string): Promise<Node> {
  return body(client.GET('/api/v1/nodes/{name}', { params: { path: { name } } }))
}
