import { expect, test } from 'vitest'
import { nextTick, ref } from 'vue'
import { useRenew } from '@/composables/useRenewed'

function question() {
  const query = { isFetching: ref(false), isEnabled: ref(true), isLoadingError: ref(false), asked: 0, refetch: () => (query.asked += 1) }
  return { query, renew: useRenew(query) }
}

test('a question that is not open is asked at once', () => {
  const { query, renew } = question()
  renew()
  expect(query.asked).toBe(1)
})

test('one that waits for its answer goes on, and is asked once more afterwards, however much changed', async () => {
  const { query, renew } = question()
  query.isFetching.value = true
  await nextTick()
  renew()
  renew()
  expect(query.asked).toBe(0)
  query.isFetching.value = false
  await nextTick()
  expect(query.asked).toBe(1)
  query.isFetching.value = true
  await nextTick()
  query.isFetching.value = false
  await nextTick()
  expect(query.asked).toBe(1)
})

test('what nobody wants to know is not asked', () => {
  const { query, renew } = question()
  query.isEnabled.value = false
  renew()
  expect(query.asked).toBe(0)
})

test('an error that is all there is to see stays until somebody tries again', () => {
  const { query, renew } = question()
  query.isLoadingError.value = true
  renew()
  expect(query.asked).toBe(0)
})
