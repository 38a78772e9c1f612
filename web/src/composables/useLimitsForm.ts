// The limits while somebody changes them: what was not touched follows the coordinator, what was is sent and nothing else.
import { useQueryClient } from '@tanstack/vue-query'
import { computed, ref, watch, type Ref } from 'vue'
import { updateLimits, type Limits } from '@/api/system'
import { useToasts } from '@/composables/useToasts'
import { useI18n } from '@/i18n'
import { changeCount, limitsForm, limitsPatch } from '@/lib/limitsForm'
import { useSubmit } from './useSubmit'

export function useLimitsForm(limits: Ref<Limits>) {
  const { t } = useI18n()
  const { done } = useToasts()
  const queries = useQueryClient()
  const base = ref(limitsForm(limits.value))
  const form = ref(limitsForm(limits.value))
  const patch = computed(() => limitsPatch(base.value, form.value))
  const changes = computed(() => (patch.value ? changeCount(patch.value) : 0))

  function follow(): void {
    base.value = limitsForm(limits.value)
    form.value = limitsForm(limits.value)
  }
  watch(limits, () => {
    if (changes.value === 0) follow()
  })

  const { busy, errorAt, rest, run, reset } = useSubmit(
    () => updateLimits(patch.value ?? {}),
    ['clusterPulls', 'nodePulls', 'zonePulls', 'zoneLabel', 'registryDefault', 'registries'],
  )
  const blocked = computed(() => {
    if (form.value.clusterPulls === '') return t('settings.needed')
    return changes.value === 0 ? t('settings.nothing') : undefined
  })

  async function save(): Promise<void> {
    if (blocked.value) return
    const now = await run()
    if (!now) return
    form.value = limitsForm(now)
    base.value = limitsForm(now)
    queries.setQueryData(['limits'], now)
    done(t('settings.saved'))
  }

  function revert(): void {
    reset()
    follow()
  }

  return { form, changes, busy, errorAt, rest, blocked, save, revert }
}
