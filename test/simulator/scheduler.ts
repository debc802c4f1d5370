import type { Random } from './random.ts'

/** One thing that is to happen at a simulated time. */
export interface Task {
  cancel(): void
}

interface Entry extends Task {
  time: number
  /** Drawn from the seed: which of two things of the same time comes first is chance, but the same chance. */
  tie: number
  act: (() => void) | undefined
}

/** The only clock and the only queue of a simulation. Time jumps from one task to the next. */
export interface Scheduler {
  /** Simulated milliseconds since the start. */
  now(): number
  later(ms: number, act: () => void): Task
  /** Runs tasks until `done`, or until there is none before `untilMs`. Between two, all promises settle. */
  run(untilMs: number, done?: () => boolean): Promise<void>
  /** Tasks that were run. */
  readonly steps: number
}

export const createScheduler = (random: Random): Scheduler => {
  const heap: Entry[] = []
  let now = 0
  let steps = 0

  const step = (untilMs: number): boolean => {
    const entry = heap[0]
    if (entry === undefined || entry.time > untilMs) {
      now = Math.max(now, untilMs)
      return false
    }
    takeFirst(heap)
    if (entry.act === undefined) return true
    now = entry.time
    steps += 1
    entry.act()
    return true
  }

  return {
    now: () => now,
    get steps() {
      return steps
    },
    later: (ms, act) => {
      const entry: Entry = {
        time: now + Math.max(0, ms),
        tie: random.next(),
        act,
        cancel: () => {
          entry.act = undefined
        },
      }
      insert(heap, entry)
      return entry
    },
    run: (untilMs, done = () => false) =>
      new Promise((resolve, reject) => {
        // An immediate each: Node settles every promise before the next one, and never takes a shortcut.
        const turn = (): void => {
          try {
            if (!done() && step(untilMs)) setImmediate(turn)
            else resolve()
          } catch (error) {
            reject(error)
          }
        }
        setImmediate(turn)
      }),
  }
}

const before = (a: Entry, b: Entry): boolean => a.time < b.time || (a.time === b.time && a.tie < b.tie)

const insert = (heap: Entry[], entry: Entry): void => {
  let index = heap.length
  heap.push(entry)
  while (index > 0) {
    const parent = (index - 1) >> 1
    if (!before(entry, heap[parent]!)) break
    heap[index] = heap[parent]!
    index = parent
  }
  heap[index] = entry
}

const takeFirst = (heap: Entry[]): void => {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let index = 0
  for (;;) {
    const left = 2 * index + 1
    if (left >= heap.length) break
    const right = left + 1
    const child = right < heap.length && before(heap[right]!, heap[left]!) ? right : left
    if (!before(heap[child]!, last)) break
    heap[index] = heap[child]!
    index = child
  }
  heap[index] = last
}
