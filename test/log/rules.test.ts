import type { BaseEvent } from '@ag-ui/client'
import { describe, expect, it } from 'vitest'
import { ThreadHistory } from '../../src/log/history.ts'
import type { ClaimRecord, LogRecord, RunRecord } from '../../src/log/record.ts'

const claim = (claimId: string, after: string | null, more: Partial<ClaimRecord> = {}): ClaimRecord => ({
  kind: 'claim',
  claimId,
  after,
  claim: 'new',
  commandId: `command-${claimId}`,
  runId: `run-${claimId}`,
  agentId: 'a',
  workerId: 'w',
  instanceId: 'w',
  time: 0,
  ...more,
})
const event = (claimId: string, seq: number, type: string): LogRecord => ({
  kind: 'event',
  claimId,
  seq,
  event: { type } as BaseEvent,
  time: 0,
})
const rejection = (commandId: string): LogRecord => {
  rejections += 1
  const rejectionId = `rejection-${rejections}`
  return { kind: 'rejected', rejectionId, commandId, runId: 'r', code: 'THREAD_BUSY', message: '' }
}
let rejections = 0
const runRecord = (attempt: string, part: number, parts: number, type: string): RunRecord => ({
  kind: 'run',
  claimId: 'one',
  attempt,
  part,
  parts,
  firstSeq: 1,
  lastSeq: 2,
  events: [{ type } as BaseEvent],
  seqs: [part + 1],
})

/** What each record did, and the thread that comes of them. */
const read = (...records: LogRecord[]) => {
  const history = new ThreadHistory('all')
  const did = records.map((record, offset) => history.apply(record, String(offset)).did)
  return { did, history }
}

describe('the rules of the thread log', () => {
  it('void a new claim on a run that goes on, even one that names the latest claim', () => {
    expect(read(claim('one', null), claim('two', 'one')).did).toEqual(['claim', 'nothing'])
  })

  it('void a take-over of a run that has ended, and one that is for another run', () => {
    const other = claim('two', 'one', { claim: 'takeover' })
    const same = claim('two', 'one', { claim: 'takeover', commandId: 'command-one', runId: 'run-one' })
    expect(read(claim('one', null), other).did).toEqual(['claim', 'nothing'])
    expect(read(claim('one', null), event('one', 1, 'RUN_FINISHED'), same).did).toEqual([
      'claim',
      'show',
      'nothing',
    ])
    expect(read(claim('one', null), same).did).toEqual(['claim', 'takeover'])
  })

  it('take the first complete run record, and no part of another attempt', () => {
    const { did, history } = read(
      claim('one', null),
      event('one', 1, 'RUN_STARTED'),
      event('one', 2, 'RUN_FINISHED'),
      runRecord('given up', 0, 2, 'GIVEN_UP'),
      runRecord('first', 0, 2, 'A'),
      runRecord('first', 1, 2, 'B'),
      runRecord('second', 0, 1, 'C'),
    )
    expect(did.slice(3)).toEqual(['part', 'part', 'record', 'nothing'])
    expect(history.runs()[0]?.events.map(({ type }) => String(type))).toEqual(['A', 'B'])
  })

  it('ignore a run record for a run that has not ended', () => {
    expect(read(claim('one', null), runRecord('first', 0, 1, 'A')).did).toEqual(['claim', 'nothing'])
  })

  it('void a deletion of which the claims are not the latest, or whose run goes on', () => {
    const deleted = (after: string | null): LogRecord => ({
      kind: 'deleted',
      deletionId: 'd',
      after,
      time: 0,
    })
    const ended = [claim('one', null), event('one', 1, 'RUN_FINISHED')]
    expect(read(...ended, deleted('one')).did.at(-1)).toBe('delete')
    expect(read(deleted(null)).did).toEqual(['delete'])
    expect(read(...ended, deleted(null)).did.at(-1)).toBe('nothing')
    expect(read(...ended, claim('two', 'one'), deleted('one')).did.at(-1)).toBe('nothing')
    expect(read(claim('one', null), deleted('one')).did.at(-1)).toBe('nothing')
  })

  it('leave nothing of a deleted thread, and let no claim in', () => {
    const deleted: LogRecord = { kind: 'deleted', deletionId: 'd', after: 'one', time: 0 }
    const ended = [claim('one', null), event('one', 1, 'RUN_FINISHED')]
    const { did, history } = read(...ended, deleted, claim('two', 'one'), claim('three', null))
    expect(did.slice(2)).toEqual(['delete', 'nothing', 'nothing'])
    expect([history.runs(), history.state]).toEqual([[], { past: [], rejected: [], deleted: true }])
  })

  it('void a rejection of a command that was claimed before it', () => {
    const late = rejection('command-one')
    const other = rejection('other')
    const { did, history } = read(claim('one', null), late, other)
    expect(did).toEqual(['claim', 'nothing', 'reject'])
    expect(history.state.rejected).toEqual(['other'])
  })

  it('void a claim of a command that was rejected before it, and a second rejection', () => {
    const { did, history } = read(rejection('command-one'), claim('one', null), rejection('command-one'))
    expect(did).toEqual(['reject', 'nothing', 'nothing'])
    expect(history.state).toEqual({ past: [], rejected: ['command-one'] })
  })

  it('call it damage when events are gone and no run record stands for them', () => {
    const { history } = read(
      claim('one', null),
      event('one', 1, 'RUN_STARTED'),
      event('one', 3, 'RUN_FINISHED'),
    )
    expect(() => history.runs()).toThrow(expect.objectContaining({ code: 'LOG_DAMAGED' }))
  })
})
