// Removal of images from nodes where nobody needs them.
import { body, client } from './http'
import type { components } from './schema'

export type PurgeOutcome = components['schemas']['PurgeOutcome']
export type PurgeResult = components['schemas']['PurgeResult']
export type RemovalResult = components['schemas']['RemovalResult']

// Images, from these nodes or from all; or those of a task or of a paused policy, from its nodes.
export type PurgeTarget = { images: readonly string[]; node?: string } | { taskId: string } | { policyId: string }

export function purge(target: PurgeTarget, dryRun: boolean, signal?: AbortSignal): Promise<PurgeOutcome> {
  const which = 'images' in target ? { images: [...target.images], nodeNames: target.node === undefined ? [] : [target.node] } : target
  return body(client.POST('/api/v1/purges', { body: { ...which, dryRun }, signal }))
}
