// A channel between the form and the API. What is secret is never in an answer, so its inputs start empty and empty means "as it was". Pure.
import type { Channel, ChannelKind, CreateChannel, MailSecurity, MessageLanguage, UpdateChannel } from '@/api/channels'

export interface ChannelForm {
  name: string
  kind: ChannelKind
  enabled: boolean
  language: MessageLanguage
  events: readonly string[]
  url: string
  secret: string
  removeSecret: boolean
  mailHost: string
  mailPort: number | ''
  security: MailSecurity
  mailUser: string
  mailPassword: string
  mailFrom: string
  mailTo: string
}

const signing: readonly ChannelKind[] = ['webhook', 'dingtalk', 'feishu']

export const takesSecret = (kind: ChannelKind) => signing.includes(kind)

export function channelFormOf(channel: Channel | undefined, language: MessageLanguage): ChannelForm {
  const mail = channel?.email
  return {
    name: channel?.name ?? '',
    kind: channel?.kind ?? 'webhook',
    enabled: channel?.enabled ?? true,
    language: channel?.language ?? language,
    events: channel?.events ?? ['task.failed', 'schedule.failed', 'node.lost'],
    url: '',
    secret: '',
    removeSecret: false,
    mailHost: mail?.host ?? '',
    mailPort: mail?.port ?? '',
    security: mail?.security ?? 'starttls',
    mailUser: mail?.username ?? '',
    mailPassword: '',
    mailFrom: mail?.from ?? '',
    mailTo: mail?.to.join(', ') ?? '',
  }
}

const addresses = (text: string) => text.split(/[,;\s]+/).filter((word) => word !== '')

function email(form: ChannelForm): CreateChannel['email'] {
  return {
    host: form.mailHost.trim(),
    port: form.mailPort === '' ? undefined : form.mailPort,
    security: form.security,
    username: form.mailUser.trim() || undefined,
    password: form.mailPassword || undefined,
    from: form.mailFrom.trim(),
    to: addresses(form.mailTo),
  }
}

function common(form: ChannelForm) {
  const secret = form.removeSecret ? '' : form.secret || undefined
  return {
    name: form.name.trim(),
    enabled: form.enabled,
    language: form.language,
    events: [...form.events],
    ...(form.kind === 'email' ? { email: email(form) } : { url: form.url.trim() || undefined }),
    ...(takesSecret(form.kind) ? { secret } : {}),
  }
}

export const newChannel = (form: ChannelForm): CreateChannel => ({ ...common(form), kind: form.kind })
// The kind can't be changed.
export const changedChannel = (form: ChannelForm): UpdateChannel => common(form)
