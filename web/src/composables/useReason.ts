// Failure reasons in words; one that this console does not know yet is shown as it is.
import { useI18n } from '@/i18n'
import type { FailureReason } from '@/api/types'

const known: Record<FailureReason, true> = {
  not_found: true,
  unauthorized: true,
  rate_limited: true,
  network: true,
  no_space: true,
  wrong_platform: true,
  runtime: true,
  cancelled: true,
  timed_out: true,
  tag_moved: true,
}

export function useReason(): (reason: FailureReason) => string {
  const { t } = useI18n()
  return (reason) => (reason in known ? t(`reason.${reason}`) : t('reason.other', { reason }))
}
