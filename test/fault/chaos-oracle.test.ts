import { describe, expect, it } from 'vitest'
import { gatherEvidence } from '../../chaos/oracle/evidence.ts'
import { judge } from '../../chaos/oracle/judge.ts'
import type { RawRecord } from '../../chaos/oracle/raw-log.ts'
import { Recordings } from '../../chaos/recording.ts'

const THREAD = 'p.thread.t'

const raw = (
  topic: string,
  value: object | null,
  headers: Record<string, string> = {},
  key = 't',
): RawRecord => ({
  topic,
  partition: 0,
  offset: 0,
  key,
  value: value === null ? null : JSON.stringify(value),
  headers,
  time: 1_000,
})

const claim = (claimId: string, after: string | null, runId: string, more: object = {}): RawRecord => {
  const bid = {
    claim: 'new',
    commandId: `command-${runId}`,
    runId,
    agentId: 'chaos',
    workerId: 'w1',
    instanceId: 'w1',
    time: 1_000,
  }
  return raw(THREAD, { claimId, after, ...bid, ...more }, { kind: 'claim' })
}

const event = (claimId: string, seq: number, value: { type: string }, cause?: string): RawRecord => {
  const headers = { kind: 'event', claim: claimId, seq: String(seq), type: value.type, time: '2000' }
  return raw(THREAD, value, { ...headers, ...(cause !== undefined && { cause }) })
}

const eventsOf = (runId: string) => [
  { type: 'RUN_STARTED', threadId: 't', runId },
  { type: 'TEXT_MESSAGE_START', messageId: `m-${runId}`, role: 'assistant' },
  { type: 'TEXT_MESSAGE_CONTENT', messageId: `m-${runId}`, delta: '0 ' },
  { type: 'TEXT_MESSAGE_END', messageId: `m-${runId}` },
  { type: 'RUN_FINISHED', threadId: 't', runId },
]

/** A thread with one run, as everybody saw it: nothing to complain of, until a test changes something. */
const soundWorld = () => {
  const events = eventsOf('r1')
  const recordings = new Recordings()
  const received = events.map((value) => ({
    event: value as never,
    text: JSON.stringify(value),
    time: 2_001,
  }))
  const stream = { threadId: 't', url: '', askedAt: 900, end: { how: 'complete' } as const, received }
  recordings.streams.push(
    { ...stream, ask: 'run', runId: 'r1' },
    { ...stream, ask: 'connect', askedAt: 3_000 },
  )
  const head = { kind: 'run', claim: 'c1', attempt: 'a', part: '0', parts: '1', first: '1', last: '5' }
  const line = { execution: 'e1', threadId: 't', runId: 'r1', workerId: 'w1' }
  return {
    commands: [raw('p.commands', { commandId: 'command-r1', threadId: 't', input: { runId: 'r1' } })],
    log: [
      claim('c1', null, 'r1'),
      ...events.map((value, index) => event('c1', index + 1, value, index === 4 ? 'agent' : undefined)),
      raw(THREAD, { events }, head),
    ],
    runs: [raw('p.runs', { commandId: 'command-r1', status: 'finished', cause: 'agent', lastSeq: 5 })],
    recordings,
    journal: [
      { what: 'start' as const, ...line, time: 1_500 },
      { what: 'end' as const, ...line, time: 2_000, deltas: 1 },
    ],
    replay: events as never[],
  }
}

type World = ReturnType<typeof soundWorld>

const complaints = async ({ commands, log, runs, recordings, journal, replay }: World): Promise<string[]> => {
  const topics = new Map([
    ['p.commands', commands],
    [THREAD, log.map((record, offset) => ({ ...record, offset }))],
    ['p.runs', runs],
  ])
  const replays = new Map([['t', replay]])
  const rest = { recordings, journal, lives: [], takeOvers: [], replays }
  const { violations } = await judge(gatherEvidence({ prefix: 'p', topics, ...rest }), [])
  return violations.map(({ promise }) => promise)
}

describe('the oracle of the chaos run', () => {
  it('has nothing to say about a sound thread', async () => {
    expect(await complaints(soundWorld())).toEqual([])
  })

  const rejection = { commandId: 'command-r1', runId: 'r1', code: 'THREAD_BUSY', message: '', source: '' }
  const breaches: [what: string, promise: string, breach: (world: World) => void][] = [
    [
      'a command without an answer',
      '1 answered once',
      ({ commands }) => {
        commands.push(raw('p.commands', { commandId: 'command-r2', threadId: 't', input: { runId: 'r2' } }))
      },
    ],
    [
      'a run that was asked for and whose command was lost on the way',
      '1 commands are written',
      ({ recordings }) => {
        const lost = { ask: 'run' as const, threadId: 't', runId: 'r2', url: '', received: [] }
        const end = { how: 'broken', why: 'terminated' } as const
        recordings.streams.push({ ...lost, askedAt: 1_000, endedAt: 81_000, end })
      },
    ],
    [
      'a command that was rejected and run',
      '1 answered once',
      ({ log }) => {
        log.unshift(raw(THREAD, rejection, { kind: 'rejected' }))
      },
    ],
    ['a run without an end', '1 one terminal event', ({ log }) => void log.splice(5, 2)],
    ['a gap in seq', '2 seq', ({ log }) => void log.splice(3, 1)],
    [
      'an event that a client had and the log has not',
      '2 live and replay',
      ({ recordings }) => {
        recordings.streams[0]!.received.splice(2, 0, recordings.streams[0]!.received[2]!)
      },
    ],
    [
      'a stream that ended before its run',
      '2 live and replay',
      ({ recordings }) => {
        recordings.streams[0]!.received.pop()
      },
    ],
    [
      'a reader that was not shown a run whose end was known',
      '2 live and replay',
      ({ recordings }) => {
        recordings.streams[1]!.received = []
      },
    ],
    [
      'an event of a replaced worker that a client was shown',
      '2 live and replay',
      ({ log, recordings }) => {
        const late = { type: 'CUSTOM', name: 'late', value: 1 }
        log.splice(3, 0, event('replaced', 3, late))
        const shown = { event: late as never, text: JSON.stringify(late), time: 2_001 }
        recordings.streams[0]!.received.splice(2, 0, shown)
      },
    ],
    [
      'a run record that has lost a message',
      '2 live and replay',
      ({ log, replay }) => {
        const kept = [eventsOf('r1')[0], eventsOf('r1')[4]]
        log.at(-1)!.value = JSON.stringify({ events: kept })
        replay.splice(0, 5, ...(kept as never[]))
      },
    ],
    ['a replay that repeats a run', '2 live and replay', ({ replay }) => void replay.push(...replay)],
    [
      'a run that was executed twice',
      '5 executed once',
      ({ journal }) => {
        journal.push(...journal.map((line) => ({ ...line, execution: 'e2', time: line.time + 1_000 })))
      },
    ],
    [
      'a stop that nobody asked for',
      '6 stop',
      ({ log, runs }) => {
        log[5]!.headers.cause = 'stop'
        runs[0] = raw('p.runs', { commandId: 'command-r1', status: 'finished', cause: 'stop', lastSeq: 5 })
      },
    ],
    [
      'two agents of a thread at a time',
      '7 no overlap',
      ({ commands, log, runs, journal, replay, recordings }) => {
        commands.push(raw('p.commands', { commandId: 'command-r2', threadId: 't', input: { runId: 'r2' } }))
        const events = eventsOf('r2')
        const head = { kind: 'run', claim: 'c2', attempt: 'b', part: '0', parts: '1', first: '6', last: '10' }
        log.push(claim('c2', 'c1', 'r2'))
        log.push(
          ...events.map((value, index) => event('c2', index + 6, value, index === 4 ? 'agent' : undefined)),
        )
        log.push(raw(THREAD, { events }, head))
        runs.push(raw('p.runs', { commandId: 'command-r2', status: 'finished', cause: 'agent', lastSeq: 10 }))
        journal.push(
          ...journal.map((line) => ({ ...line, execution: 'e2', runId: 'r2', time: line.time + 100 })),
        )
        replay.push(...(events as never[]))
        recordings.streams.length = 1
      },
    ],
    ['an end that the runs topic does not tell', 'fan-in', ({ runs }) => void runs.pop()],
    ['a run without its record', 'compaction', ({ log }) => void log.pop()],
  ]
  it.each(breaches)('sees %s', async (_what, promise, breach) => {
    const world = soundWorld()
    breach(world)
    expect(await complaints(world)).toContain(promise)
  })
})
