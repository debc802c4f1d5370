import { beforeAll, describe, expect, it } from 'vitest'
import { ANSWER } from '../suite/agent-case.ts'
import { CASES } from './cases.ts'
import { type Asked, useWorkers } from './workers.ts'

const TYPES = CASES.map((agentCase) => [agentCase.type, agentCase] as const)
const NEW_THEN_KNOWN = [null, expect.any(String)]

describe('a thread that was begun on worker A', () => {
  const workers = useWorkers()
  const asked = new Map<string, Asked[]>(TYPES.map(([type]) => [type, []]))
  const askAll = () =>
    Promise.all(TYPES.map(async ([type]) => asked.get(type)!.push(await workers.ask(type).ended)))
  beforeAll(async () => {
    const a = await workers.inProcess()
    await askAll()
    await a.stop()
    await workers.inProcess()
    await askAll()
  })

  it.each(TYPES)('goes on, on worker B, with its conversation: %s', (type, { remembers }) => {
    expect(asked.get(type)!.map(({ text }) => text)).toEqual([ANSWER, ANSWER])
    const { conversations } = workers.platforms.get(type)!.platform
    if (remembers) expect(conversations).toEqual(NEW_THEN_KNOWN)
  })

  it.each(TYPES)('has no secret in its events: %s', (type, { secrets }) => {
    for (const secret of secrets) expect(JSON.stringify(asked.get(type))).not.toContain(secret)
  })
})

describe('a thread whose worker, a process with agents.yaml, is killed in the middle', () => {
  const workers = useWorkers()
  const lost = new Map<string, Asked>()
  const again = new Map<string, Asked>()
  beforeAll(async () => {
    const a = await workers.process()
    workers.play('slow')
    const begun = TYPES.map(([type]) => [type, workers.ask(type)] as const)
    await Promise.all(begun.map(([, { began }]) => began))
    a.kill()
    await workers.inProcess()
    for (const [type, { ended }] of begun) lost.set(type, await ended)
    workers.play('answer')
    await Promise.all(TYPES.map(async ([type]) => again.set(type, await workers.ask(type).ended)))
  }, 60_000)

  it.each(TYPES)('tells who waits: %s', (type) => {
    expect(lost.get(type)?.last).toMatchObject({ type: 'RUN_ERROR', code: 'WORKER_LOST' })
    expect(lost.get(type)?.text).not.toBe('')
  })

  it.each(TYPES)('goes on, on worker B, with the conversation of the lost run: %s', (type, { remembers }) => {
    expect(again.get(type)?.text).toBe(ANSWER)
    const { conversations } = workers.platforms.get(type)!.platform
    if (remembers) expect(conversations).toEqual(NEW_THEN_KNOWN)
  })
})
