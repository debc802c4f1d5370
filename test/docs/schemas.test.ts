import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { decodeCommand, encodeCommand } from '../../src/command/command.ts'
import { encodeStopRequest } from '../../src/command/stop-request.ts'
import { decodeRecord, encodeRecord } from '../../src/log/codec.ts'
import type { NewRecord } from '../../src/log/record.ts'
import { jsonFormat } from '../../src/schema/record-format.ts'
import { sharedTopics } from '../../src/topics.ts'
import { ScriptedAgent, talker } from '../support/agents.ts'
import { collect, inputFor } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'
import { follow, useLogIo } from '../support/log-io.ts'

const validatorOf = (name: string) => {
  const validate = new Ajv2020().compile(JSON.parse(readFileSync(`schemas/${name}.json`, 'utf8')))
  return (value: unknown) => {
    validate(value)
    expect(validate.errors ?? []).toEqual([])
  }
}
const parsed = (value: Buffer | null) => JSON.parse(value?.toString() ?? 'null')

const COMMAND = {
  version: 1,
  commandId: 'c',
  threadId: 't',
  agentId: 'a',
  input: inputFor('t'),
  onConcurrentRun: 'reject',
  headers: {},
  time: 1,
} as const

const EVENT = { type: 'RUN_FINISHED', threadId: 't', runId: 'r' } as never
const RECORDS: NewRecord[] = [
  {
    kind: 'claim',
    claimId: 'c',
    after: null,
    claim: 'new',
    commandId: 'c',
    runId: 'r',
    agentId: 'a',
    workerId: 'w',
    instanceId: 'w',
    time: 1,
  },
  { kind: 'event', claimId: 'c', seq: 1, event: EVENT, time: 1, cause: 'stop' },
  {
    kind: 'run',
    claimId: 'c',
    attempt: 'x',
    part: 0,
    parts: 1,
    firstSeq: 1,
    lastSeq: 6,
    events: [EVENT, EVENT],
    seqs: [
      [
        [1, 4, 0],
        [4, 7],
      ],
      6,
    ],
  },
  { kind: 'state', claimId: 'c', version: 2, value: { conversation: 'x' }, time: 1 },
  { kind: 'deleted', deletionId: 'd', after: null, time: 1 },
  { kind: 'rejected', rejectionId: 'x', commandId: 'c', runId: 'r', code: 'THREAD_BUSY', message: '' },
]

describe('the schemas describe what is written', () => {
  it('commands and stop requests', () => {
    validatorOf('command')(parsed(encodeCommand(COMMAND, jsonFormat)))
    validatorOf('stop-request')(
      parsed(encodeStopRequest({ version: 1, stopId: 's', threadId: 't', runId: 'r', time: 1 }, jsonFormat)),
    )
  })

  it.each(RECORDS.map((record) => [record.kind, record] as const))(
    '%s records, which are read as they were',
    (_, record) => {
      const wire = encodeRecord(record)
      validatorOf('thread-log')({ headers: wire.headers, value: parsed(wire.value) })
      expect(decodeRecord(wire)).toEqual(record)
    },
  )

  it('what a run leaves in the directory, the lifecycle and the workers topics', async () => {
    const kafka = useKafka()
    const runner = kafka.runner({ worker: true, commandPartitions: 1 })
    await collect(runner.run({ threadId: 't', agent: new ScriptedAgent(talker(1)), input: inputFor('t') }))
    const topics = sharedTopics(kafka.prefix, 1)
    for (const [schema, topic] of [
      ['thread', topics.threads.name],
      ['worker', topics.workers.name],
      ['run-fact', topics.runs.name],
    ] as const) {
      const { tail } = useLogIo()
      const reader = follow(tail, topic)
      await reader.until(1)
      expect(reader.records.length).toBeGreaterThan(0)
      for (const { value } of reader.records) validatorOf(schema)(parsed(value))
    }
  })
})

describe('a command that a schema refuses is undecodable', () => {
  const validate = new Ajv2020().compile(JSON.parse(readFileSync('schemas/command.json', 'utf8')))
  it.each(['version', 'commandId', 'threadId', 'agentId', 'input', 'time'])('without %s', async (field) => {
    const command = { ...COMMAND, [field]: undefined }
    expect(validate(JSON.parse(JSON.stringify(command)))).toBe(false)
    await expect(decodeCommand('t', Buffer.from(JSON.stringify(command)), jsonFormat)).rejects.toThrow(field)
  })
})
