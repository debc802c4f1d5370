import type { Connection } from '../connection.ts'
import { encodeStopRequest, type StopRequest } from './stop-request.ts'

/**
 * Tells all workers that a run is to end.
 * @throws RunnerError BROKER_UNAVAILABLE
 */
export const sendStop = (
  { producer, system, topics, format }: Pick<Connection, 'producer' | 'system' | 'topics' | 'format'>,
  named: Pick<StopRequest, 'threadId' | 'runId' | 'commandId'>,
  cause?: StopRequest['cause'],
): Promise<void> => {
  const { threadId, runId, commandId } = named
  const stopId = system.newId()
  const time = system.now()
  const value = encodeStopRequest({ version: 1, stopId, cause, time, threadId, runId, commandId }, format)
  return producer.send({ topic: topics.control.name, key: threadId, value })
}
