// One error type for whatever goes wrong between the console and the coordinator.

export class ApiError extends Error {
  constructor(
    // HTTP status; 0 means that no answer came.
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details?: string,
    // The request field that broke a rule.
    readonly field?: string,
    readonly requestId?: string,
    // The task that does not exist.
    readonly taskId?: string,
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

// Makes an ApiError of an answer that is not 2xx, whatever its body is.
export function fromAnswer(response: Response, body: unknown): ApiError {
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  return new ApiError(
    response.status,
    text(fields.code) ?? `http_${response.status}`,
    text(fields.error) ?? (response.statusText || `HTTP ${response.status}`),
    text(fields.details) ?? (typeof body === 'string' ? text(body.slice(0, 300)) : undefined),
    text(fields.field),
    text(fields.requestId) ?? response.headers.get('x-request-id') ?? undefined,
    text(fields.taskId),
  )
}

// Makes an ApiError of anything that was thrown.
export function fromThrown(cause: unknown): ApiError {
  if (cause instanceof ApiError) return cause
  const message = cause instanceof Error ? cause.message : String(cause)
  return new ApiError(0, 'unreachable', message)
}
