import { describe, expect, it } from 'vitest'
import type { ClaimRecord, NewRecord } from '../../src/log/record.ts'
import { sleep } from '../../src/sleep.ts'
import { ThreadView } from '../../src/worker/thread-view.ts'
import { ScriptedAgent } from '../support/agents.ts'
import { collect, inputFor } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'
import { quiet } from '../support/quiet.ts'
import { useHands } from './by-hand.ts'

const tombstones = (count: number): NewRecord[] =>
  Array.from({ length: count }, (_, index) => ({ kind: 'tombstone', key: `old-${index}` }))

/** A worker's view of a thread with one finished run, and the hands of another process. */
const useView = async () => {
  const kafka = useKafka()
  const [mine, others] = [useHands(kafka), useHands(kafka)]
  const command = mine.commandFor(inputFor('t'), 'a')
  const view = new ThreadView(mine.logs, 't')
  await view.open(command.commandId)
  const claim = mine.claimFor(command, { claimId: 'one' })
  await view.append([claim])
  await view.append([mine.eventOf('one', 1, { type: 'RUN_STARTED' })])
  await view.append([mine.eventOf('one', 2, { type: 'RUN_FINISHED' })])
  const logId = (await mine.logs.read('t', 0, () => {}))?.logId as string
  const next = mine.commandFor(inputFor('t'), 'a')
  const nextClaim: ClaimRecord = mine.claimFor(next, { claimId: 'two', after: 'one' })
  const deleted: NewRecord = { kind: 'deleted', deletionId: 'd', after: 'one', time: 0 }
  return { view, others, command, next, nextClaim, logId, deleted }
}

describe('a worker’s view of a thread that is deleted under it', { timeout: 30_000 }, () => {
  it('is not taken in by another log of the thread whose offsets fit', async () => {
    const { view, others, command, nextClaim, logId } = await useView()
    await others.logs.remove('t', logId)
    await others.logs.ensure('t')
    await others.logs.append('t', tombstones(3))
    // It lies at the very offset that comes next in the log that the view knows.
    await view.append([nextClaim])
    expect(view.holds('two')).toBe(false)
    expect(view.state.latest).toBeUndefined()
    expect(view.isDeleted(command.commandId)).toBe(true)
  })

  it('holds no claim behind the deletion, and then writes to a new log', async () => {
    const { view, others, command, next, nextClaim, logId, deleted } = await useView()
    await others.logs.append('t', [deleted])
    await view.append([nextClaim])
    expect([view.holds('two'), view.state.deleted, view.isOpen]).toEqual([false, true, false])
    expect([view.isDeleted(command.commandId), view.isDeleted(next.commandId)]).toEqual([true, false])

    await view.open(next.commandId)
    const fresh = await others.logs.read('t', 0, () => {})
    expect(fresh?.logId).not.toBe(logId)
    await view.append([{ ...nextClaim, after: null }])
    expect(view.holds('two')).toBe(true)
    expect(view.isDeleted(command.commandId)).toBe(true)
  })

  it('makes no log for a command whose run was deleted with the thread', async () => {
    const { view, others, command, logId, deleted } = await useView()
    await others.logs.append('t', [deleted])
    await others.logs.remove('t', logId)
    await view.open(command.commandId)
    expect(view.isOpen).toBe(false)
    expect(await others.logs.read('t', 0, () => {})).toBeUndefined()
  })

  it('keeps a thread whose deletion named an older claim', async () => {
    const { view, others, next, nextClaim, deleted } = await useView()
    await view.append([nextClaim])
    await others.logs.append('t', [deleted])
    await view.open(next.commandId)
    expect([view.holds('two'), view.isOpen]).toEqual([true, true])
  })

  it('goes over to the new log at once, with all that it holds', async () => {
    const { view, others, next, nextClaim, logId } = await useView()
    await others.logs.remove('t', logId)
    await others.logs.ensure('t')
    await others.logs.append('t', [{ ...nextClaim, after: null }])
    await view.open(next.commandId)
    expect(view.holds('two')).toBe(true)
    expect(view.messageIds.size).toBe(0)
  })
})

it('a run whose log vanishes is over: it is not executed again, and the thread stays deleted', {
  timeout: 60_000,
}, async () => {
  const kafka = useKafka()
  const hands = useHands(kafka)
  let executions = 0
  const endless = new ScriptedAgent(async function* ({ threadId, runId }, signal) {
    executions += 1
    yield { type: 'RUN_STARTED', threadId, runId }
    while (!signal.aborted) {
      yield { type: 'CUSTOM', name: 'tick', value: executions }
      await sleep(20, signal)
    }
  }, 'endless')
  await kafka.worker({ agents: { endless }, logger: quiet, appendTimeoutMs: 1_000 })
  const events = collect(kafka.runner().run({ threadId: 't', agent: endless, input: inputFor('t') }))
  while (executions === 0) await sleep(20)
  await sleep(200)
  await hands.logs.remove('t', (await hands.logs.read('t', 0, () => {}))?.logId as string)
  expect((await events).at(-1)).toMatchObject({ type: 'RUN_ERROR', code: 'THREAD_DELETED' })
  await sleep(3_000)
  expect(executions).toBe(1)
  expect(await hands.logs.read('t', 0, () => {})).toBeUndefined()
})

describe('commands of a deleted thread that were not committed', { timeout: 60_000 }, () => {
  it.each(['whose run had ended', 'that waited for a worker'] as const)(
    'are not executed when they come again: one %s',
    async (what) => {
      const kafka = useKafka()
      const hands = useHands(kafka)
      const runner = kafka.runner()
      await runner.start()
      const [done, waiting] = [hands.commandFor(inputFor('t'), 'a'), hands.commandFor(inputFor('t'), 'a')]
      const claim = hands.claimFor(done, { workerId: 'died before it committed' })
      await hands.logs.ensure('t')
      await hands.logs.append('t', [
        claim,
        hands.eventOf(claim.claimId, 1, { type: 'RUN_STARTED', threadId: 't', runId: done.input.runId }),
        hands.eventOf(claim.claimId, 2, { type: 'RUN_FINISHED', threadId: 't', runId: done.input.runId }),
      ])
      await hands.send(what === 'whose run had ended' ? done : waiting)
      expect(await runner.deleteThread({ threadId: 't' })).toBe(true)

      let executed = 0
      const agent = new ScriptedAgent(async function* ({ threadId, runId }) {
        executed += 1
        yield { type: 'RUN_STARTED', threadId, runId }
        yield { type: 'RUN_FINISHED', threadId, runId }
      }, 'a')
      await kafka.worker({ agents: { a: agent }, logger: quiet })
      // A later run on the same thread shows that what came before it was dealt with.
      const next = inputFor('t')
      await collect(runner.run({ threadId: 't', agent, input: next }))
      expect(executed).toBe(1)
      expect((await runner.status('t'))?.runs.map(({ runId }) => runId)).toEqual([next.runId])
    },
  )
})
