// Calls about nodes.
import { body, client } from './http'
import type { Node, NodeGroups, NodePage, PullPage, PullState } from './types'

export function listNodes(selector: string, limit: number, offset = 0): Promise<NodePage> {
  return findNodes({ selector, limit, offset })
}

// Which nodes; what is empty or left out chooses nothing. `state`: a comma list in the API's words.
interface NodeChoice {
  selector?: string
  q?: string
  state?: string
}

export interface NodeQuestion extends NodeChoice {
  limit: number
  offset: number
  sort?: string
}

function chosen<T extends NodeChoice>(question: T): T {
  return { ...question, selector: question.selector || undefined, q: question.q || undefined, state: question.state || undefined }
}

export function findNodes(question: NodeQuestion, signal?: AbortSignal): Promise<NodePage> {
  const query = chosen(question)
  return body(client.GET('/api/v1/nodes', { params: { query }, signal }))
}

// What nodes are counted by.
export type GroupBy = 'label_keys' | `label:${string}` | 'agent_version' | 'runtime' | 'platform' | 'state'

export interface GroupQuestion extends NodeChoice {
  by: GroupBy
  limit?: number
  // With the names of the nodes in each group.
  names?: boolean
}

// Counted by the coordinator: a cluster may have thousands of nodes.
export function groupNodes(question: GroupQuestion, signal?: AbortSignal): Promise<NodeGroups> {
  const query = chosen(question)
  return body(client.GET('/api/v1/node-groups', { params: { query }, signal }))
}

// Of the newest thousand tasks, the newest task first.
export function listNodePulls(name: string, states: readonly PullState[], limit: number): Promise<PullPage> {
  return body(client.GET('/api/v1/nodes/{name}/pulls', { params: { path: { name }, query: { limit, state: states.join(',') } } }))
}

export function getNode(name: string): Promise<Node> {
  return body(client.GET('/api/v1/nodes/{name}', { params: { path: { name } } }))
}
