import { describe, expect, it } from 'vitest'
import type { Run, ThreadState } from '../../src/log/reducer.ts'
import { decide, type Standing } from '../../src/worker/decide.ts'

const run = (commandId: string, terminal?: Run['terminal']): Run => ({
  runId: `run of ${commandId}`,
  commandId,
  agentId: 'a',
  claims: [],
  firstSeq: 1,
  lastSeq: 1,
  seen: 1,
  parts: {},
  terminal,
})
const ENDED = { type: 'RUN_FINISHED', cause: 'agent' } as const
const IDLE: ThreadState = { past: [], rejected: [] }
const withLatest = (latest: Run): ThreadState => ({ past: [], rejected: [], latest })
const BUSY = withLatest(run('other'))

const NEW: Standing = {
  expired: false,
  stopped: false,
  erased: false,
  superseded: false,
  ahead: 0,
  full: false,
}
const alive = () => true
const lost = () => false
const of = (onConcurrentRun: 'reject' | 'enqueue' | 'supersede') => ({ commandId: 'own', onConcurrentRun })

describe('a worker', () => {
  it('claims a free thread', () => {
    expect(decide(IDLE, of('reject'), NEW, alive)).toEqual({ do: 'claim' })
    expect(decide(withLatest(run('other', ENDED)), of('reject'), NEW, alive)).toEqual({ do: 'claim' })
  })

  it.each([
    ['reject', { do: 'reject', code: 'THREAD_BUSY' }],
    ['enqueue', { do: 'wait', for: BUSY.latest }],
    ['supersede', { do: 'supersede', run: BUSY.latest }],
  ] as const)('beside another run does what the command asks for: %s', (mode, decision) => {
    expect(decide(BUSY, of(mode), NEW, alive)).toEqual(decision)
  })

  it.each([
    ['reject', { do: 'reject', code: 'THREAD_BUSY' }],
    ['enqueue', { do: 'wait', for: undefined }],
    ['supersede', { do: 'supersede', run: undefined }],
  ] as const)('lets nobody past those that wait in front: %s', (mode, decision) => {
    expect(decide(IDLE, of(mode), { ...NEW, ahead: 1 }, alive)).toEqual(decision)
  })

  it('lets no more wait than may', () => {
    const decision = decide(BUSY, of('enqueue'), { ...NEW, ahead: 3, full: true }, alive)
    expect(decision).toEqual({ do: 'reject', code: 'QUEUE_FULL' })
  })

  it('executes no finished run again, and gives no second answer', () => {
    const finished = run('own', ENDED)
    expect(decide(withLatest(finished), of('reject'), NEW, lost)).toEqual({ do: 'finish', run: finished })
    const rejected: ThreadState = { past: [], rejected: ['own'] }
    expect(decide(rejected, of('reject'), NEW, alive)).toEqual({ do: 'nothing' })
  })

  it('leaves a living worker’s run alone, and takes a lost one’s over', () => {
    const own = run('own')
    expect(decide(withLatest(own), of('reject'), NEW, alive)).toEqual({ do: 'wait', for: own })
    expect(decide(withLatest(own), of('reject'), NEW, lost)).toEqual({ do: 'takeover', run: own })
    expect(decide(BUSY, of('reject'), NEW, lost)).toEqual({ do: 'takeover', run: BUSY.latest })
  })

  it('begins nothing whose time is over, or whose place a later one took', () => {
    expect(decide(IDLE, of('enqueue'), { ...NEW, expired: true }, alive)).toEqual({
      do: 'reject',
      code: 'COMMAND_EXPIRED',
    })
    expect(decide(BUSY, of('enqueue'), { ...NEW, superseded: true }, alive)).toEqual({
      do: 'reject',
      code: 'RUN_STOPPED',
    })
  })

  it('lets nothing of a deleted thread begin', () => {
    const erased = { ...NEW, erased: true }
    expect(decide(IDLE, of('reject'), erased, alive)).toEqual({ do: 'reject', code: 'RUN_STOPPED' })
  })

  it('lets a begun run go on although its time to begin is over', () => {
    const own = run('own')
    expect(decide(withLatest(own), of('enqueue'), { ...NEW, expired: true }, alive)).toEqual({
      do: 'wait',
      for: own,
    })
  })

  it('answers a stopped command at once where it would wait; on a free thread it begins and ends', () => {
    const stopped = { ...NEW, stopped: true }
    expect(decide(BUSY, of('enqueue'), stopped, alive)).toEqual({ do: 'reject', code: 'RUN_STOPPED' })
    expect(decide(IDLE, of('enqueue'), stopped, alive)).toEqual({ do: 'claim' })
  })
})
