// Who did what.
import { body, client } from './http'
import type { components } from './schema'

type Schemas = components['schemas']

export type AuditRecord = Schemas['AuditRecord']
export type AuditPage = Schemas['AuditPage']
export type AuditResult = Schemas['AuditResult']

export const auditResults: readonly AuditResult[] = ['ok', 'denied', 'refused', 'failed']
export const exportFormats = ['csv', 'ndjson'] as const
export type ExportFormat = (typeof exportFormats)[number]

export interface AuditFilter {
  from?: string
  to?: string
  subject?: string
  operation?: string
  resource?: string
  result?: string
}

export function listAudit(filter: AuditFilter, limit: number, offset: number): Promise<AuditPage> {
  return body(client.GET('/api/v1/audit', { params: { query: { ...filter, limit, offset } } }))
}

// Everything that matches, oldest first, as a file.
export function exportAudit(filter: AuditFilter, format: ExportFormat): Promise<Blob> {
  return body(client.GET('/api/v1/audit/export', { params: { query: { ...filter, format } }, parseAs: 'blob' }))
}
