import { expect, test } from 'vitest'
import type { Pull } from '@/api/types'
import { layOut, move } from '@/grid/layout'
import { cellCode, cellStates, levels, ofCode } from '@/grid/states'
import { bytesOf, pullOf } from './samples'

const pulls = (nodes: number, images: number): Pull[] =>
  Array.from({ length: nodes }, (_, node) =>
    Array.from({ length: images }, (_, image) => pullOf(`${node}/${image}`, { nodeName: `n${String(node).padStart(4, '0')}`, image: `i${image}` })),
  ).flat()

test('a code says state and fullness and is read back', () => {
  for (const state of cellStates) expect(ofCode(cellCode(pullOf('p', { state }))).state).toBe(state)
  const half = pullOf('p', { bytes: bytesOf({ total: 100, fetched: 50 }) })
  expect(ofCode(cellCode(half)).level).toBe(levels / 2)
  expect(ofCode(cellCode(pullOf('p', { state: 'succeeded' }))).level).toBe(levels)
})

test('cells do not overlap, stay inside, and are found at their place', () => {
  for (const list of [pulls(5, 1), pulls(40, 3), pulls(2, 90), pulls(3000, 1)]) {
    const layout = layOut(list, 320)
    const places = new Set(list.map((_, index) => `${layout.x[index]} ${layout.y[index]}`))
    expect(places.size).toBe(list.length)
    for (let index = 0; index < list.length; index += 7) {
      const [x, y] = [layout.x[index] ?? 0, layout.y[index] ?? 0]
      expect(x + layout.size).toBeLessThanOrEqual(320)
      expect(y + layout.size).toBeLessThanOrEqual(layout.height)
      expect(layout.at(x + 1, y + 1)).toBe(index)
    }
    expect(layout.at(10_000, 10_000)).toBe(-1)
  }
})

test('groups are by name, each with a heading and all its nodes', () => {
  const layout = layOut(pulls(10, 2), 320, (node) => (node < 'n0004' ? 'zone-b' : 'zone-a'))
  expect(layout.groups.map(({ name, nodes, cells }) => [name, nodes, cells])).toEqual([
    ['zone-a', 6, 12],
    ['zone-b', 4, 8],
  ])
  const [first, second] = layout.groups
  expect(layout.y[8]).toBeGreaterThan(first?.top ?? 0)
  expect(layout.y[8]).toBeLessThan(second?.top ?? 0)
})

test('the cursor goes where the arrow points and never leaves the grid', () => {
  const layout = layOut(pulls(60, 1), 320)
  expect(move(layout, 0, 'left')).toBe(0)
  expect(move(layout, 0, 'right')).toBe(1)
  expect(move(layout, 0, 'up')).toBe(0)
  expect(move(layout, 0, 'last')).toBe(59)
  const below = move(layout, 3, 'down')
  expect(layout.x[below]).toBe(layout.x[3])
  expect(move(layout, below, 'up')).toBe(3)
  expect(move(layout, 59, 'down')).toBe(59)
})
