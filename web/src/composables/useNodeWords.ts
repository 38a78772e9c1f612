// One node in one line: what the map says about the cell under the cursor.
import type { Node } from '@/api/types'
import { useI18n } from '@/i18n'
import { nodeState } from '@/lib/nodes'
import { useFormat } from './useFormat'

export function useNodeWords(): (node: Node) => string {
  const { t, n } = useI18n()
  const format = useFormat()
  return (node) => {
    const { condition } = node
    const free = format.bytes(condition.imageFsAvailableBytes)
    const parts = [t(`state.node.${nodeState(node)}`)]
    if (node.reason) parts.push(node.reason)
    if (condition.imageFsCapacityBytes > 0) parts.push(t('nodes.diskFree', { free, total: format.bytes(condition.imageFsCapacityBytes) }))
    parts.push(t('nodes.slots', { running: node.runningPulls, slots: node.maxConcurrentPulls }))
    if (node.imageCount !== undefined) parts.push(`${t('nodes.images')}: ${n(node.imageCount)}`)
    return parts.join(' · ')
  }
}
