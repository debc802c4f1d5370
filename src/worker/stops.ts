import { LRUCache } from 'lru-cache'
import type { Command } from '../command/command.ts'
import { decodeStopRequest, type StopRequest } from '../command/stop-request.ts'
import { createSharedTopicReader } from '../kafka/shared-topic-reader.ts'
import type { Tail } from '../kafka/tail.ts'
import type { Logger } from '../logger.ts'
import type { RecordFormat } from '../schema/record-format.ts'
import type { System } from '../system.ts'

export interface StopsOptions {
  tail: Tail
  topic: string
  format: RecordFormat
  /** A stop for a run that goes on here; true when there is one. */
  onStop(request: StopRequest): boolean
  /** It is kept for a run that has not begun. */
  onKept(request: StopRequest): void
  logger: Logger
  system: Pick<System, 'elapsed' | 'sleep'>
}

const EARLY_STOPS_MAX = 10_000

/**
 * The stop requests, all of them: a stop never waits behind commands. One that came before its run was
 * claimed is kept for it.
 */
export const createStops = ({ tail, topic, format, onStop, onKept, logger, system }: StopsOptions) => {
  const early = new LRUCache<string, StopRequest>({ max: EARLY_STOPS_MAX })
  const keyOf = (threadId: string, runId: string) => JSON.stringify([threadId, runId])
  const reader = createSharedTopicReader({
    tail,
    topic,
    format,
    onRecord: ({ value, offset }) => {
      const request = decodeStopRequest(value, format)
      if (request === undefined) logger.warn('A record is no stop request and was skipped', { topic, offset })
      else if (!onStop(request)) {
        early.set(keyOf(request.threadId, request.runId), request)
        onKept(request)
      }
    },
    onTrouble: ({ message }) => logger.error('Stop requests cannot be read; trying on', { error: message }),
    system,
  })

  const keptFor = ({ threadId, input, time, commandId }: Command): StopRequest | undefined => {
    const request = early.get(keyOf(threadId, input.runId))
    if (request === undefined) return undefined
    const isMeant = request.commandId === undefined ? request.time >= time : request.commandId === commandId
    return isMeant ? request : undefined
  }

  return {
    start: reader.start,
    /** The request that came before the command's run was claimed. One for an older run of the same id does not count. */
    keptFor,
    stop: reader.stop,
  }
}
