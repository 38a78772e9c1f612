// HAND-WRITTEN from docs/api.md until the coordinator's OpenAPI document is checked in.
// TO BE REPLACED: `npm run api` writes this file from that document; nothing but src/api/types.ts and src/api/client.ts imports it.

export interface components {
  schemas: {
    ByteCounts: { total: number; fetched: number; alreadyThere: number; notNeeded: number; unpacked: number }
    TaskState: 'pending' | 'running' | 'paused' | 'completed' | 'failed' | 'cancelled'
    PullState: 'queued' | 'dispatched' | 'pulling' | 'succeeded' | 'skipped' | 'failed' | 'cancelled'
    PullPhase: 'resolving' | 'fetching' | 'unpacking' | 'verifying'
    SuccessReason: 'pulled' | 'already_present'
    FailureReason:
      | 'not_found'
      | 'unauthorized'
      | 'rate_limited'
      | 'network'
      | 'no_space'
      | 'wrong_platform'
      | 'runtime'
      | 'cancelled'
      | 'timed_out'
      | 'tag_moved'
    RetryStrategy: 'linear' | 'exponential'
    Progress: {
      totalNodes: number
      completedNodes: number
      failedNodes: number
      currentBatch: number
      totalBatches: number
      percentage: number
      totalPulls: number
      queuedPulls: number
      runningPulls: number
      succeededPulls: number
      failedPulls: number
      skippedPulls: number
      cancelledPulls: number
      bytes: components['schemas']['ByteCounts']
      throughputBytesPerSecond: number
    }
    ResolvedPlatform: {
      platform: string
      targetDigest: string
      manifestDigest: string
      configDigest: string
      sizeBytes: number
    }
    ResolvedImage: { image: string; platforms: components['schemas']['ResolvedPlatform'][]; error?: string }
    FailureGroup: {
      reason: components['schemas']['FailureReason']
      pulls: number
      exampleNode: string
      exampleMessage: string
    }
    Task: {
      taskId: string
      status: components['schemas']['TaskState']
      priority: number
      batchSize?: number
      maxRetries: number
      retryCount: number
      retryStrategy: components['schemas']['RetryStrategy']
      retryDelay: number
      pullTimeoutSeconds: number
      noProgressTimeoutSeconds: number
      images: string[]
      nodeSelector?: Record<string, string>
      progress: components['schemas']['Progress']
      resolvedImages: components['schemas']['ResolvedImage'][]
      failures: components['schemas']['FailureGroup'][]
      createdAt: string
      startedAt?: string
      finishedAt?: string
      estimatedCompletion?: string
      errorMessage?: string
    }
    CreateTask: {
      images: string[]
      batchSize?: number
      priority?: number
      nodeSelector?: Record<string, string>
      maxRetries?: number
      retryStrategy?: components['schemas']['RetryStrategy']
      retryDelay?: number
      pullTimeoutSeconds?: number
      noProgressTimeoutSeconds?: number
      id?: string
    }
    TaskPage: { tasks: components['schemas']['Task'][]; total: number; limit: number; offset: number }
    DeleteTaskAnswer: { taskId: string; status: string; action: 'cancelled' | 'deleted'; message: string }
    Layer: { digest: string; index: number; bytes: components['schemas']['ByteCounts']; unpacked: boolean }
    Digests: { target?: string; manifest?: string; config?: string }
    Pull: {
      pullId: string
      taskId: string
      nodeName: string
      image: string
      state: components['schemas']['PullState']
      phase?: components['schemas']['PullPhase']
      attempt: number
      successReason?: components['schemas']['SuccessReason']
      failureReason?: components['schemas']['FailureReason']
      message?: string
      digestVerified: boolean
      digests?: components['schemas']['Digests']
      bytes: components['schemas']['ByteCounts']
      layers?: components['schemas']['Layer'][]
      throughputBytesPerSecond?: number
      startedAt?: string
      finishedAt?: string
      notBefore?: string
    }
    PullPage: { pulls: components['schemas']['Pull'][]; total: number; limit: number; offset: number }
    NodeCondition: {
      runtimeReady: boolean
      runtimeMessage?: string
      imageFsPath?: string
      imageFsUsedBytes: number
      imageFsCapacityBytes: number
      imageFsAvailableBytes: number
      imageFsInodes: number
      imageFsInodesFree: number
      draining: boolean
    }
    InventoryImage: { id: string; repoTags: string[]; repoDigests: string[]; sizeBytes: number; pinned: boolean }
    Node: {
      name: string
      uid: string
      labels: Record<string, string>
      platform: string
      connected: boolean
      ready: boolean
      reason?: string
      agentVersion: string
      runtimeName: string
      runtimeVersion: string
      condition?: components['schemas']['NodeCondition']
      runningPulls: number
      maxConcurrentPulls: number
      imageCount: number
      firstSeenAt: string
      lastSeenAt: string
      images?: components['schemas']['InventoryImage'][]
      inventoryKnown?: boolean
    }
    NodePage: { nodes: components['schemas']['Node'][]; total: number; limit: number; offset: number }
    ApiError: { error: string; details?: string; code?: string; field?: string; requestId?: string }
  }
}

type Json<T> = { content: { 'application/json': T } }
type Failure = Json<components['schemas']['ApiError']>
type Schemas = components['schemas']
type ById = { id: string }

export interface paths {
  '/api/v1/tasks': {
    get: {
      parameters: { query?: { limit?: number; offset?: number; status?: string } }
      responses: { 200: Json<Schemas['TaskPage']>; 400: Failure }
    }
    post: {
      requestBody: Json<Schemas['CreateTask']>
      responses: { 201: Json<Schemas['Task']>; 400: Failure }
    }
  }
  '/api/v1/tasks/{id}': {
    get: { parameters: { path: ById }; responses: { 200: Json<Schemas['Task']>; 404: Failure } }
    delete: {
      parameters: { path: ById; query?: { mode?: 'delete' } }
      responses: { 200: Json<Schemas['DeleteTaskAnswer']>; 404: Failure; 409: Failure }
    }
  }
  '/api/v1/tasks/{id}/cancel': {
    post: { parameters: { path: ById }; responses: { 200: Json<Schemas['Task']>; 404: Failure; 409: Failure } }
  }
  '/api/v1/tasks/{id}/pulls': {
    get: {
      parameters: {
        path: ById
        query?: { limit?: number; offset?: number; node?: string; image?: string; state?: string }
      }
      responses: { 200: Json<Schemas['PullPage']>; 404: Failure }
    }
  }
  '/api/v1/nodes': {
    get: {
      parameters: { query?: { limit?: number; offset?: number; selector?: string } }
      responses: { 200: Json<Schemas['NodePage']>; 400: Failure }
    }
  }
  '/api/v1/nodes/{name}': {
    get: { parameters: { path: { name: string } }; responses: { 200: Json<Schemas['Node']>; 404: Failure } }
  }
}
