// Small whole objects for tests.
import type { ByteCounts, Node, Pull, Task } from '@/api/types'
import type { LiveEvent } from '@/live/state'

export function bytesOf(part: Partial<ByteCounts> = {}): ByteCounts {
  return { total: 0, fetched: 0, alreadyThere: 0, notNeeded: 0, unpacked: 0, ...part }
}

export function taskOf(taskId: string, part: Partial<Task> = {}): Task {
  return {
    taskId,
    status: 'running',
    priority: 5,
    maxRetries: 0,
    retryCount: 0,
    retryStrategy: 'linear',
    retryDelay: 30,
    pullTimeoutSeconds: 3600,
    noProgressTimeoutSeconds: 300,
    batchMode: 'rolling',
    successThreshold: 100,
    pullPolicy: 'IfNotPresent',
    images: ['docker.io/library/nginx:1.27'],
    resolvedImages: [],
    failures: [],
    createdAt: '2026-11-24T02:00:00.000Z',
    progress: {
      totalNodes: 1,
      completedNodes: 0,
      failedNodes: 0,
      currentBatch: 0,
      totalBatches: 0,
      percentage: 0,
      totalPulls: 1,
      queuedPulls: 0,
      runningPulls: 1,
      succeededPulls: 0,
      failedPulls: 0,
      skippedPulls: 0,
      cancelledPulls: 0,
      bytes: bytesOf(),
      bytesMoved: 0,
      bytesSaved: 0,
      throughputBytesPerSecond: 0,
    },
    ...part,
  }
}

export function pullOf(pullId: string, part: Partial<Pull> = {}): Pull {
  return {
    pullId,
    taskId: 'a',
    nodeName: 'node-1',
    image: 'docker.io/library/nginx:1.27',
    state: 'pulling',
    attempt: 1,
    digestVerified: false,
    throughputBytesPerSecond: 0,
    bytes: bytesOf(),
    ...part,
  }
}

export function nodeOf(name: string, part: Partial<Node> = {}): Node {
  return {
    name,
    uid: name,
    labels: {},
    platform: 'linux/amd64',
    condition: {
      runtimeReady: true,
      runtimeMessage: '',
      imageFsPath: '/var/lib/containerd',
      imageFsUsedBytes: 1,
      imageFsCapacityBytes: 100,
      imageFsAvailableBytes: 50,
      imageFsInodes: 10,
      imageFsInodesFree: 5,
      draining: false,
      kubelet: {
        source: 'unknown',
        message: '',
        imageGcHighThresholdPercent: 0,
        imageGcLowThresholdPercent: 0,
        imageMaximumGcAgeMs: 0,
        credentialsVerificationPolicy: '',
        verificationAllowlist: [],
      },
    },
    connected: true,
    ready: true,
    agentVersion: '0.1.0',
    clockOffsetMs: 0,
    runtimeName: 'containerd',
    runtimeVersion: '1.7.24',
    runningPulls: 0,
    maxConcurrentPulls: 2,
    imageCount: 0,
    firstSeenAt: '2026-11-24T01:00:00.000Z',
    lastSeenAt: '2026-11-24T02:00:00.000Z',
    ...part,
  }
}

export function eventOf(event: string, version: number, body: object, run = 'run-1'): LiveEvent {
  return { event, id: `${run}-${version}`, body: { version, ...body } }
}
