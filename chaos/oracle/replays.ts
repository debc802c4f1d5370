import type { BaseEvent } from '@ag-ui/client'
import { lastValueFrom, toArray } from 'rxjs'
import { KafkaAgentRunner } from '../../src/index.ts'

const TOGETHER = 16

/** What the library's own `connect` gives of each thread. */
export const readReplays = async (
  brokers: string[],
  prefix: string,
  threadIds: readonly string[],
): Promise<Map<string, BaseEvent[]>> => {
  const runner = new KafkaAgentRunner({ kafka: { brokers }, prefix, worker: false })
  const replays = new Map<string, BaseEvent[]>()
  const waiting = [...threadIds]
  const readOn = async (): Promise<void> => {
    for (let threadId = waiting.pop(); threadId !== undefined; threadId = waiting.pop()) {
      const events = runner.connect({ threadId }).pipe(toArray())
      replays.set(threadId, await lastValueFrom(events, { defaultValue: [] }))
    }
  }
  try {
    await Promise.all(Array.from({ length: TOGETHER }, readOn))
  } finally {
    await runner.close()
  }
  return replays
}
