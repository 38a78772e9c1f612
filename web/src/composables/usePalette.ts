// What the palette offers for a few letters.
import { useQuery } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import type { RouteLocationRaw } from 'vue-router'
import { getNode } from '@/api/nodes'
import { listTasks } from '@/api/tasks'
import { useCan, type Operation } from '@/auth/can'
import type { IconName } from '@/components/ui/AppIcon.vue'
import { useI18n } from '@/i18n'
import { splitImage } from '@/lib/format'
import { menu } from '@/router/pages'
import { useDebounced } from './useDebounced'

export interface Command {
  key: string
  text: string
  group: string
  icon: IconName
  to: RouteLocationRaw
  blocked: string | undefined
}

// From so many letters on the coordinator is asked.
const askFrom = 2
const mostTasks = 8

export function usePalette(typed: Ref<string>) {
  const { t } = useI18n()
  const { why } = useCan()
  const search = computed(() => typed.value.trim())
  const asked = useDebounced(search, 200)
  const isAsked = computed(() => asked.value.length >= askFrom)

  const tasks = useQuery({
    queryKey: ['palette', 'tasks', asked],
    queryFn: () => listTasks({ q: asked.value, limit: mostTasks }),
    enabled: isAsked,
  })
  const node = useQuery({
    queryKey: ['palette', 'node', asked],
    queryFn: () => getNode(asked.value),
    enabled: isAsked,
    retry: false,
  })

  const pages = computed((): Command[] =>
    menu.flatMap((group) => group.entries).map((entry) => ({
      key: entry.name,
      text: t(entry.title),
      group: t('palette.pages'),
      icon: entry.icon,
      to: { name: entry.name },
      blocked: why(entry.needs),
    })),
  )
  const action = (key: string, text: string, operation: Operation): Command => ({
    key,
    text,
    group: t('palette.actions'),
    icon: 'plus',
    to: { name: key },
    blocked: why(operation),
  })
  const actions = computed(() => [
    action('new-task', t('palette.newTask'), 'create_task'),
    action('new-schedule', t('palette.newSchedule'), 'create_schedule'),
  ])
  const found = computed((): Command[] => {
    if (!isAsked.value) return []
    const known = (tasks.data.value?.tasks ?? []).map((task): Command => ({
      key: task.taskId,
      text: `${splitImage(task.images[0] ?? '')[1]} · ${task.taskId}`,
      group: t('palette.task'),
      icon: 'layers',
      to: { name: 'task', params: { id: task.taskId } },
      blocked: undefined,
    }))
    const name = node.data.value?.name
    if (name === undefined) return known
    const to = { name: 'node', params: { name } }
    return [...known, { key: `node ${name}`, text: name, group: t('palette.node'), icon: 'server', to, blocked: undefined }]
  })

  const commands = computed(() => {
    const words = search.value.toLowerCase().split(/\s+/)
    const fits = (command: Command) => words.every((word) => command.text.toLowerCase().includes(word))
    return [...[...actions.value, ...pages.value].filter(fits), ...found.value]
  })
  return { commands }
}
