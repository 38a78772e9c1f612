// Notification channels and what was delivered to them.
import { body, client, nothing } from './http'
import type { components } from './schema'

type Schemas = components['schemas']

export type Channel = Schemas['Channel']
export type ChannelPage = Schemas['ChannelPage']
export type ChannelKind = Schemas['ChannelKind']
export type CreateChannel = Schemas['CreateChannel']
export type UpdateChannel = Schemas['UpdateChannel']
export type MailSecurity = Schemas['MailSecurity']
export type MessageLanguage = Schemas['Language']
export type Delivery = Schemas['Delivery']
export type DeliveryPage = Schemas['DeliveryPage']
export type DeliveryState = Schemas['DeliveryState']

export const channelKinds: readonly ChannelKind[] = ['webhook', 'slack', 'dingtalk', 'feishu', 'wecom', 'teams', 'email']
export const channelEvents = [
  'task.completed',
  'task.failed',
  'task.cancelled',
  'task.aborted',
  'schedule.skipped',
  'schedule.failed',
  'node.lost',
  'policy.tag_moved',
  'policy.image_paused',
] as const
export const mailSecurities: readonly MailSecurity[] = ['starttls', 'tls', 'none']
export const deliveryStates: readonly DeliveryState[] = ['queued', 'delivered', 'failed']

export function listChannels(limit: number, offset: number): Promise<ChannelPage> {
  return body(client.GET('/api/v1/channels', { params: { query: { limit, offset } } }))
}

export function createChannel(request: CreateChannel): Promise<Channel> {
  return body(client.POST('/api/v1/channels', { body: request }))
}

export function updateChannel(id: number, request: UpdateChannel): Promise<Channel> {
  return body(client.PUT('/api/v1/channels/{id}', { params: { path: { id } }, body: request }))
}

export function deleteChannel(id: number): Promise<void> {
  return nothing(client.DELETE('/api/v1/channels/{id}', { params: { path: { id } } }))
}

export function testChannel(id: number): Promise<Delivery> {
  return body(client.POST('/api/v1/channels/{id}/test', { params: { path: { id } } }))
}

export interface DeliveryQuery {
  limit: number
  offset: number
  status?: string
  about?: string
}

export function listDeliveries(query: DeliveryQuery, channel?: number): Promise<DeliveryPage> {
  if (channel === undefined) return body(client.GET('/api/v1/deliveries', { params: { query } }))
  return body(client.GET('/api/v1/channels/{id}/deliveries', { params: { path: { id: channel }, query } }))
}

export function replayDelivery(id: string): Promise<Delivery> {
  return body(client.POST('/api/v1/deliveries/{id}/replay', { params: { path: { id } } }))
}
