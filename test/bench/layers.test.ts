import { describe, expect, it } from 'vitest'
import { type CpuProfile, layersOf } from '../../bench/report/layers.ts'

type Frame = [functionName: string, url?: string]

/** A profile of stacks, outermost frame first, each with the time that was spent in its innermost one. */
const profileOf = (...stacks: [time: number, ...stack: Frame[]][]): CpuProfile => {
  const nodes: CpuProfile['nodes'] = [{ id: 1, callFrame: { functionName: '(root)', url: '' }, children: [] }]
  const samples: number[] = []
  for (const [, ...stack] of stacks) {
    let parent = nodes[0]!
    for (const [functionName, url = ''] of stack) {
      const node = { id: nodes.length + 1, callFrame: { functionName, url }, children: [] }
      nodes.push(node)
      parent.children?.push(node.id)
      parent = node
    }
    samples.push(parent.id)
  }
  return { nodes, samples, timeDeltas: stacks.map(([time]) => time) }
}

const SRC = 'file:///project/src'
const append: Frame = ['send', `${SRC}/kafka/appender.ts`]
const parse: Frame = ['parse']

describe('layersOf', () => {
  it.each<[string, Frame]>([
    ['agent', ['next', 'file:///project/node_modules/@ag-ui/client/dist/index.mjs']],
    ['encode', ['encodeRecord', `${SRC}/log/codec.ts`]],
    ['decode', ['decodeRecord', `${SRC}/log/codec.ts`]],
    ['log rules', ['applyRecord', `${SRC}/log/reducer.ts`]],
    ['append', append],
    ['fetch', ['deliver', `${SRC}/kafka/follower.ts`]],
    ['worker', ['execute', `${SRC}/worker/execute.ts`]],
    ['subscriber', ['next', 'file:///project/node_modules/rxjs/dist/cjs/internal/Subscriber.js']],
    ['client library', ['write', 'file:///project/node_modules/kafkajs/src/network/connection.js']],
    ['garbage collector', ['(garbage collector)']],
    ['node', ['writev', 'node:net']],
  ])('knows the layer %s', (layer, frame) => {
    expect(layersOf(profileOf([5, frame])).shares).toEqual({ [layer]: 1 })
  })

  it('knows the runner for the subscriber', () => {
    const frame: Frame = ['next', `${SRC}/runner/replay.ts`]
    expect(layersOf(profileOf([5, frame])).shares).toEqual({ subscriber: 1 })
  })

  it('gives what a layer calls to that layer, and the innermost layer counts', () => {
    const worker: Frame = ['run', `${SRC}/worker/run-writer-of.ts`]
    const { shares } = layersOf(profileOf([30, worker, append, parse], [10, worker, parse], [60, parse]))
    expect(shares).toEqual({ node: 0.6, append: 0.3, worker: 0.1 })
  })

  it('has shares of the busy time, the greatest first, and how busy the process was', () => {
    const { busy, shares } = layersOf(profileOf([60, ['(idle)']], [10, parse], [30, append]))
    expect(busy).toBe(0.4)
    expect(Object.entries(shares)).toEqual([
      ['append', 0.75],
      ['node', 0.25],
    ])
  })

  it('counts a node each time that it was sampled', () => {
    const profile = profileOf([10, append], [30, parse])
    const [first, second] = profile.samples as [number, number]
    const again = { ...profile, samples: [first, second, first], timeDeltas: [10, 30, 60] }
    expect(layersOf(again).shares).toEqual({ append: 0.7, node: 0.3 })
  })

  it('bears with nodes that have no children and samples that have no time', () => {
    const nodes = [{ id: 7, callFrame: { functionName: 'parse', url: '' } }]
    expect(layersOf({ nodes, samples: [7, 7], timeDeltas: [4] })).toEqual({ busy: 1, shares: { node: 1 } })
  })
})
