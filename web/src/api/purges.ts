// Removal of images from nodes where nobody needs them.
import { body, client } from './http'
import type { components } from './schema'

export type PurgeOutcome = components['schemas']['PurgeOutcome']
export type RemovalResult = components['schemas']['RemovalResult']

export function purge(image: string, node: string, dryRun: boolean): Promise<PurgeOutcome> {
  return body(client.POST('/api/v1/purges', { body: { images: [image], nodeNames: [node], dryRun } }))
}
