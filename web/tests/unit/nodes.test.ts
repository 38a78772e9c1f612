import { describe, expect, test } from 'vitest'
import type { TaskPreview } from '@/api/tasks'
import { blockersOf, coldImages } from '@/lib/coldness'
import { cellsOf, groupsOf, total } from '@/lib/coverage'
import { countByFilter, groupingKeys } from '@/lib/nodeList'
import { colorIndex } from '@/lib/nodeMap'
import { nodeOf, pullOf } from './samples'
import type { InventoryImage } from '@/api/types'

const disk = (capacity: number, free: number) => ({ ...nodeOf('x').condition, imageFsCapacityBytes: capacity, imageFsAvailableBytes: free })
const nodes = [
  nodeOf('b', { labels: { zone: 'z1', host: 'b' }, condition: disk(100, 5), runningPulls: 2 }),
  nodeOf('a', { labels: { zone: 'z1', host: 'a' }, condition: disk(100, 90) }),
  nodeOf('c', { labels: { zone: 'z2', host: 'c' }, connected: false, ready: false, reason: 'agent is not connected', condition: disk(0, 0) }),
  nodeOf('d', { labels: { host: 'd' }, agentVersion: '0.0.9', condition: disk(100, 50) }),
]

describe('lists of nodes', () => {
  test('are counted by state', () => {
    expect(countByFilter({ total: 9, ready: 4, connected: 7, draining: 1, coverage: 5 })).toEqual({ all: 9, ready: 4, draining: 1, notReady: 2, offline: 2 })
  })

  test('are grouped by labels that tell them apart', () => {
    const keys = [['host', 4], ['zone', 2], ['os', 1], ['rack', 3]] as const
    const counted = { by: 'label_keys', total: 4, groupCount: keys.length, groups: keys.map(([value, values]) => ({ value, values, nodes: 4 })) }
    expect(groupingKeys(counted)).toEqual(['rack', 'zone'])
  })

  test('have a colour for what is known of them', () => {
    expect(nodes.map((node) => colorIndex(node, 'state', 1))).toEqual([0, 0, 3, 0])
    expect(nodes.map((node) => colorIndex(node, 'disk', 1))).toEqual([5, 0, -1, 3])
  })
})

describe('cold images', () => {
  const inventory: InventoryImage[] = [
    {
      id: 'sha256:1',
      repoTags: ['docker.io/library/nginx:1.27'],
      repoDigests: ['quay.io/a/b@sha256:22'],
      sizeBytes: 1,
      pinned: false,
      usability: 'unknown',
      usabilityNever: 'unknown',
    },
  ]

  test('are those of the library that the node lacks, with what is known of them', () => {
    const pulls = [
      pullOf('1', { image: 'docker.io/library/redis:7', state: 'failed', failureReason: 'unauthorized' }),
      pullOf('2', { image: 'docker.io/library/redis:7', state: 'succeeded' }),
      pullOf('3', { image: 'old:1', state: 'succeeded' }),
    ]
    const cold = coldImages(['nginx:1.27', 'redis:7', 'old:1', 'new', 'quay.io/a/b:3@sha256:22'], inventory, pulls)
    expect(cold.map(({ image, reason }) => [image, reason])).toEqual([
      ['redis:7', 'failed'],
      ['old:1', 'removed'],
      ['new', 'never'],
    ])
  })

  test('nodes say what keeps everything away', () => {
    expect(nodes.map(blockersOf)).toEqual([['tight'], [], ['offline'], []])
  })
})

describe('coverage', () => {
  test('groups are values of a label and the nodes without it, by name', () => {
    const counted = { by: 'label:zone', total: 4, groupCount: 3, groups: [{ value: 'z2', nodes: 2 }, { value: 'z1', nodes: 1 }, { nodes: 1 }] }
    expect(groupsOf(counted, 'zone', 'pool=gpu')).toEqual([
      { name: '', selector: 'pool=gpu,!zone' },
      { name: 'z1', selector: 'pool=gpu,zone=z1' },
      { name: 'z2', selector: 'pool=gpu,zone=z2' },
    ])
  })

  test('platforms add up, and what could not be resolved is not known', () => {
    const preview = {
      nodeCount: 5,
      images: [
        {
          image: 'a',
          verdict: 'resolved',
          platforms: [
            { platform: 'linux/amd64', nodes: 3, presentNodes: 2, unknownNodes: 0, bytesToMove: 10 },
            { platform: 'linux/arm64', nodes: 2, presentNodes: 0, unknownNodes: 1, bytesToMove: 20 },
          ],
        },
        { image: 'b', verdict: 'not_found', error: 'no such tag', platforms: [] },
      ],
    } as unknown as TaskPreview
    const cells = cellsOf(preview)
    expect(cells.get('a')).toEqual({ nodes: 5, present: 2, unknown: 1, bytesToMove: 30, verdict: 'resolved', error: undefined })
    expect(cells.get('b')).toMatchObject({ nodes: 5, present: 0, unknown: 5, verdict: 'not_found', error: 'no such tag' })
    expect(total([...cells.values()])).toEqual({ nodes: 10, present: 2 })
  })
})
