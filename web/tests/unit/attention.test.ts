import { describe, expect, test } from 'vitest'
import { ofHealth, worstFirst, type Attention } from '@/composables/useAttention'

const item = (key: string, tone: Attention['tone']): Attention => ({ key, tone, text: key, to: { name: 'about' } })

describe('what needs attention', () => {
  test('is broken before it only waits, each in the order it was found', () => {
    const found = [item('slow', 'warn'), item('failed', 'bad'), item('held', 'warn'), item('lost', 'bad')]
    expect(worstFirst(found).map(({ key }) => key)).toEqual(['failed', 'lost', 'slow', 'held'])
  })

  test('names why a coordinator is not ready before what it warns of', () => {
    expect(ofHealth({ status: 'unavailable', timestamp: '2026-11-25T00:00:00Z', reasons: ['database is away'], warnings: ['disk is filling'] })).toMatchObject([
      { tone: 'bad', text: 'database is away' },
      { tone: 'warn', text: 'disk is filling' },
    ])
    expect(ofHealth(undefined)).toEqual([])
  })
})
