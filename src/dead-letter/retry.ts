import { decodeCommand, encodeCommand } from '../command/command.ts'
import type { ProducerRecord } from '../kafka/producer.ts'
import type { Reader } from '../reader.ts'
import type { System } from '../system.ts'
import type { DeadLetter } from './dead-letter.ts'

/**
 * Where a dead letter may go again: to the topic that it came from, if that is one for run commands of this
 * prefix, or to the one that is named. Undefined where neither is.
 */
export const targetOf = (
  { source }: Pick<DeadLetter, 'source'>,
  { commands }: Reader['topics'],
  to?: string,
): string | undefined => {
  if (to !== undefined) return to
  const [topic = ''] = source.split('/')
  return topic === commands.name || topic.startsWith(`${commands.name}.`) ? topic : undefined
}

/** The record as it was received. */
export const asReceived = ({ key, value, headers }: DeadLetter, topic: string): ProducerRecord => ({
  topic,
  key,
  value,
  headers,
})

/**
 * The same run request as a new command: with an id and a time of its own. One that was answered by a rejection,
 * or whose time to live is over, is never executed under its old ones.
 * @throws RunnerError COMMAND_UNDECODABLE, REGISTRY_UNAVAILABLE, SCHEMA_UNREGISTERED
 */
export const asNewCommand = async (
  letter: DeadLetter,
  topic: string,
  { format, system }: Pick<Reader, 'format'> & { system: Pick<System, 'newId' | 'now'> },
): Promise<ProducerRecord> => {
  const command = await decodeCommand(letter.key, letter.value, format)
  const renewed = { ...command, commandId: system.newId(), time: system.now() }
  return { topic, key: letter.key, value: encodeCommand(renewed, format), headers: letter.headers }
}
