import { afterEach, describe, expect, it, vi } from 'vitest'
import type * as Codec from '../../src/log/codec.ts'
import type * as FollowingModule from '../../src/log/following.ts'
import type * as Reducer from '../../src/log/reducer.ts'
import type * as Compaction from '../../src/worker/compaction.ts'
import type * as Decide from '../../src/worker/decide.ts'
import type * as ExecutorModule from '../../src/worker/executor.ts'

/**
 * What each protecting rule is worth: without it the simulator has to find broken promises. The rules are
 * taken out of the modules that it loads, never by a switch in them.
 */

const SEEDS_MAX = 5_000
const TIME_OUT_MS = 240_000

afterEach(() => {
  vi.doUnmock('../../src/log/codec.ts')
  vi.doUnmock('../../src/log/following.ts')
  vi.doUnmock('../../src/log/reducer.ts')
  vi.doUnmock('../../src/worker/compaction.ts')
  vi.doUnmock('../../src/worker/decide.ts')
  vi.doUnmock('../../src/worker/executor.ts')
  vi.resetModules()
})

const breakReducer = (broken: (original: typeof Reducer) => typeof Reducer.applyRecord): void =>
  void vi.doMock('../../src/log/reducer.ts', async (importOriginal) => {
    const original = await importOriginal<typeof Reducer>()
    return { ...original, applyRecord: broken(original) }
  })

const BROKEN: { rule: string; breaks: RegExp; apply(): void }[] = [
  {
    rule: 'a claim counts only if it names the latest one',
    breaks: /./,
    apply: () =>
      breakReducer(({ applyRecord, latestClaim }) => (state, record) => {
        if (record.kind !== 'claim') return applyRecord(state, record)
        return applyRecord(state, { ...record, after: latestClaim(state)?.claimId ?? null })
      }),
  },
  {
    rule: 'only the holder of the latest claim is heard',
    breaks: /./,
    apply: () =>
      breakReducer(({ applyRecord, latestClaim }) => (state, record) => {
        if (record.kind !== 'event') return applyRecord(state, record)
        return applyRecord(state, { ...record, claimId: latestClaim(state)?.claimId ?? '' })
      }),
  },
  {
    rule: 'a run that has ended is taken over by nobody',
    breaks: /./,
    apply: () =>
      breakReducer(({ applyRecord }) => (state, record) => {
        const { latest } = state
        const goesOn = record.kind === 'event' || (record.kind === 'claim' && record.claim === 'takeover')
        if (!goesOn || latest === undefined) return applyRecord(state, record)
        return applyRecord({ ...state, latest: { ...latest, terminal: undefined } }, record)
      }),
  },
  {
    rule: 'a command whose run has ended is not executed again',
    breaks: /^5:/,
    apply: () =>
      void vi.doMock('../../src/worker/decide.ts', async (importOriginal) => {
        const original = await importOriginal<typeof Decide>()
        const decide: typeof Decide.decide = (...given) => {
          const decision = original.decide(...given)
          return decision.do === 'finish' ? { do: 'claim' } : decision
        }
        return { ...original, decide }
      }),
  },
  {
    rule: 'a stop ends exactly the run that it names',
    breaks: /^6:/,
    apply: () =>
      void vi.doMock('../../src/worker/executor.ts', async (importOriginal) => {
        const original = await importOriginal<typeof ExecutorModule>()
        const createExecutor: typeof original.createExecutor = (parts) => {
          const executor = original.createExecutor(parts)
          const current = new Map<string, ExecutorModule.RunName>()
          const begin: typeof executor.begin = (view, given) => {
            const { threadId, commandId, input } = given.command
            current.set(threadId, { threadId, commandId, runId: input.runId })
            return executor.begin(view, given)
          }
          const end: typeof executor.end = (named, reason) =>
            executor.end(current.get(named.threadId) ?? named, reason)
          return Object.defineProperties(
            { ...executor, begin, end },
            {
              running: { get: () => executor.running },
            },
          )
        }
        return { ...original, createExecutor }
      }),
  },
  {
    rule: 'a reader is given only what comes next for it in the log',
    breaks: /./,
    apply: () =>
      void vi.doMock('../../src/log/following.ts', async (importOriginal) => {
        const original = await importOriginal<typeof FollowingModule>()
        class Following extends original.Following {
          override isAt(): boolean {
            return true
          }
        }
        return { ...original, Following }
      }),
  },
  {
    rule: 'a run record says when its events were appended',
    breaks: /^11: the end of .* in different words/,
    apply: () =>
      void vi.doMock('../../src/log/codec.ts', async (importOriginal) => {
        const original = await importOriginal<typeof Codec>()
        const encodeRecord: typeof original.encodeRecord = (record, attempt) =>
          original.encodeRecord(record.kind === 'run' ? { ...record, times: undefined } : record, attempt)
        return { ...original, encodeRecord }
      }),
  },
  {
    rule: 'what an agent remembers counts only under the latest claim',
    breaks: /^12:/,
    apply: () =>
      breakReducer(({ applyRecord, latestClaim }) => (state, record) => {
        if (record.kind !== 'state') return applyRecord(state, record)
        return applyRecord(state, { ...record, claimId: latestClaim(state)?.claimId ?? '' })
      }),
  },
  {
    rule: 'the newest of what an agent remembers is never removed',
    breaks: /^12:/,
    apply: () =>
      void vi.doMock('../../src/worker/compaction.ts', async (importOriginal) => {
        const original = await importOriginal<typeof Compaction>()
        const compact: typeof original.compact = async (system, view, ended) => {
          await original.compact(system, view, ended)
          const memories = Object.values(view.state.memories ?? {})
          const keys = memories.map(({ claimId, version }) => `state.${claimId}.${version}`)
          await view.append(keys.map((key) => ({ kind: 'tombstone', key }) as const))
        }
        return { ...original, compact }
      }),
  },
  {
    rule: 'a command whose run has ended is told of before it is committed',
    breaks: /^11: nobody was told/,
    apply: () =>
      void vi.doMock('../../src/worker/executor.ts', async (importOriginal) => {
        const original = await importOriginal<typeof ExecutorModule>()
        const createExecutor: typeof original.createExecutor = (parts) => {
          const executor = original.createExecutor(parts)
          return Object.defineProperties(
            { ...executor, finish: async () => {} },
            { running: { get: () => executor.running } },
          )
        }
        return { ...original, createExecutor }
      }),
  },
]

describe.each(BROKEN)('without the rule that $rule', ({ rule, breaks, apply }) => {
  it(
    'breaks promises, and the simulator sees it',
    async () => {
      vi.resetModules()
      apply()
      const { simulate } = await import('./simulate.ts')
      for (let seed = 1; seed <= SEEDS_MAX; seed += 1) {
        const found = (await simulate(seed)).violations.find((violation) => breaks.test(violation))
        if (found === undefined) continue
        process.stderr.write(`Without "${rule}": seed ${seed}, ${found.slice(0, 160)}\n`)
        return
      }
      expect.unreachable(`${SEEDS_MAX} seeds went well without it`)
    },
    TIME_OUT_MS,
  )
})
