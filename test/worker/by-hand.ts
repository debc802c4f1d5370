import { randomUUID } from 'node:crypto'
import type { BaseEvent, RunAgentInput } from '@ag-ui/client'
import kafkajs, { logLevel, Partitioners } from 'kafkajs'
import { type Command, encodeCommand } from '../../src/command/command.ts'
import type { ClaimRecord, EventRecord } from '../../src/log/record.ts'
import { createThreadLogs } from '../../src/log/thread-logs.ts'
import { jsonFormat } from '../../src/schema/record-format.ts'
import { machine } from '../../src/system.ts'
import { sharedTopics } from '../../src/topics.ts'
import { useLogIo } from '../support/log-io.ts'

/** Writes commands and thread logs as another process would, record by record. */
export const useHands = ({ brokers, prefix }: { brokers: string[]; prefix: string }) => {
  const logger = { info: () => {}, warn: () => {}, error: () => {} }
  const logs = createThreadLogs({ ...useLogIo(), prefix, logger, system: machine })

  const commandFor = (input: RunAgentInput, agentId: string): Command => ({
    version: 1,
    commandId: randomUUID(),
    threadId: input.threadId,
    agentId,
    input,
    onConcurrentRun: 'reject',
    headers: {},
    time: Date.now(),
  })

  const send = async (...commands: Command[]): Promise<void> => {
    const producer = new kafkajs.Kafka({ brokers, logLevel: logLevel.NOTHING }).producer({
      createPartitioner: Partitioners.DefaultPartitioner,
    })
    await producer.connect()
    const messages = commands.map((command) => ({
      key: command.threadId,
      value: encodeCommand(command, jsonFormat),
    }))
    const topic = sharedTopics(prefix, 3).commands.name
    // In requests of a size that the broker takes.
    for (let at = 0; at < messages.length; at += 1_000)
      await producer.send({ topic, messages: messages.slice(at, at + 1_000) })
    await producer.disconnect()
  }

  const claimFor = (command: Command, more: Partial<ClaimRecord>): ClaimRecord => ({
    kind: 'claim',
    claimId: randomUUID(),
    after: null,
    claim: 'new',
    commandId: command.commandId,
    runId: command.input.runId,
    agentId: command.agentId,
    workerId: 'written by hand',
    instanceId: 'written by hand',
    time: Date.now(),
    ...more,
  })

  const eventOf = (claimId: string, seq: number, event: object): EventRecord => ({
    kind: 'event',
    claimId,
    seq,
    event: event as BaseEvent,
    time: Date.now(),
  })

  return { logs, commandFor, send, claimFor, eventOf }
}
