/** The part of a V8 CPU profile that is read here. */
export interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string }; children?: number[] }[]
  samples: number[]
  timeDeltas: number[]
}

/** The way of an event through a process. The innermost frame that matches says where a sample belongs. */
const LAYERS: [layer: string, where: RegExp][] = [
  ['agent', /@ag-ui\/client|scripted-agent|pace\.ts|events\.ts/],
  ['encode', /codec\.ts encodeRecord|codec\.ts json|run-writer\.ts/],
  ['decode', /codec\.ts|zod/],
  ['log rules', /src\/log\/(reducer|history)|places\.ts|log-view\.ts|thread-view\.ts|open-items\.ts/],
  ['append', /appender\.ts|append-batch\.ts|produce-v11|thread-logs\.ts append/],
  ['fetch', /live-session\.ts|catch-up\.ts|follower\.ts|fetch\.ts|fetch-v17/],
  ['worker', /src\/(worker|run|command|presence)\/|src\/system/],
  ['subscriber', /src\/runner|process\/a|rxjs/],
  ['client library', /@platformatic|kafkajs/],
  ['garbage collector', /\(garbage collector\)/],
]

const IDLE = '(idle)'

/** Each layer's share of the time that the process was busy, and how busy it was. */
export const layersOf = ({
  nodes,
  samples,
  timeDeltas,
}: CpuProfile): { busy: number; shares: Record<string, number> } => {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  )
  const times = new Map<string, number>()
  const layerOf = (start: number): string => {
    for (let id: number | undefined = start; id !== undefined; id = parents.get(id)) {
      const { functionName, url } = byId.get(id)!.callFrame
      if (functionName === IDLE) return IDLE
      const found = LAYERS.find(([, where]) => where.test(`${url} ${functionName}`))
      if (found !== undefined) return found[0]
    }
    return 'node'
  }
  const known = new Map<number, string>()
  for (const [at, id] of samples.entries()) {
    const layer = known.get(id) ?? layerOf(id)
    known.set(id, layer)
    times.set(layer, (times.get(layer) ?? 0) + (timeDeltas[at] ?? 0))
  }
  const all = [...times.values()].reduce((sum, time) => sum + time, 0)
  const busy = all - (times.get(IDLE) ?? 0)
  times.delete(IDLE)
  const sorted = [...times].sort(([, a], [, b]) => b - a)
  return { busy: busy / all, shares: Object.fromEntries(sorted.map(([layer, time]) => [layer, time / busy])) }
}
