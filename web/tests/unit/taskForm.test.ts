import { expect, test } from 'vitest'
import { ipsCommand, yaml } from '@/lib/commands'
import { conditionsOf, selectorOf } from '@/lib/conditions'
import { blankForm, formOf, requestOf } from '@/lib/taskForm'
import { taskOf } from './samples'

test('conditions are written in Kubernetes’ syntax and read back', () => {
  const text = 'pool=gpu,zone in (a,b),tier notin (x),!spot,ssd'
  expect(selectorOf(conditionsOf(text))).toBe(text)
  expect(conditionsOf('a!=b, c==d')).toEqual([
    { key: 'a', operator: 'notin', values: 'b' },
    { key: 'c', operator: 'is', values: 'd' },
  ])
  expect(selectorOf([{ key: ' ', operator: 'is', values: 'x' }])).toBe('')
  expect(conditionsOf('')).toEqual([])
})

test('a blank form asks for nothing but images', () => {
  const request = JSON.parse(JSON.stringify(requestOf({ ...blankForm(), images: 'a\n\n b ' }))) as unknown
  expect(request).toEqual({ images: ['a', 'b'] })
})

test('a clone asks for what the task had', () => {
  const task = taskOf('t', { nodeSelector: { pool: 'gpu' }, labelSelector: '!spot', maxRetries: 2, retryDelay: 10, deadlineSeconds: 90, channels: ['ops'], batchSize: 7 })
  const request = requestOf(formOf(task))
  expect(request).toMatchObject({ images: task.images, labelSelector: 'pool=gpu,!spot', maxRetries: 2, retryDelay: 10, deadlineSeconds: 120, channels: ['ops'], parallelism: '7' })
})

test('the same as a command and as YAML', () => {
  const request = { images: ["it's:1", 'b'], labelSelector: 'pool in (a,b)', retryDelay: 10, nodeNames: ['n1', 'n2'] }
  expect(ipsCommand(request).replaceAll(' \\\n  ', ' ')).toBe(
    "ips task create --image 'it'\\''s:1' --image 'b' --selector 'pool in (a,b)' --node 'n1' --node 'n2' --retry-delay 10s",
  )
  expect(yaml({ name: 'x: #y', priority: 5, taskConfig: { images: ['a'], windows: [{ start: '22:00', end: '06:00' }], none: undefined } })).toBe(
    'name: "x: #y"\npriority: 5\ntaskConfig:\n  images:\n    - "a"\n  windows:\n    - start: "22:00"\n      end: "06:00"\n',
  )
})
