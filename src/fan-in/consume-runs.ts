import { type FactConsumerInput, factConsumerConfig } from '../config.ts'
import { formatFor } from '../connection.ts'
import { createProducer } from '../kafka/producer.ts'
import { type Logger, stderrLogger } from '../logger.ts'
import { createFactConsumer } from './fact-consumer.ts'
import { isEnd, type RunFact } from './run-fact.ts'

/** A fact about a run that ended: `fact` is finished, failed, stopped or rejected. `events` has all of the run's. */
export type EndedRun = RunFact & { fact: 'finished' | 'failed' | 'stopped' | 'rejected' }

/** A fact about a run that has not ended: accepted or started. News: not told again after a crash. */
export type RunNews = RunFact & { fact: 'accepted' | 'started' }

export interface ConsumeRunsOptions extends FactConsumerInput {
  /**
   * Called once for each run that ended, with all of its events, also where they came in several records. The signal
   * aborts when the consumer stops, which waits for what is under way, or when another member has the run's partition.
   */
  onRun(run: EndedRun, signal: AbortSignal): Promise<void> | void
  /** Called for what is told of runs before they end. @default they are passed over */
  onFact?(fact: RunNews, signal: AbortSignal): Promise<void> | void
  /** @default warnings and errors on standard error */
  logger?: Logger
}

export interface RunsConsumption {
  /**
   * Resolves after `stop()`. Rejects when the consumer had to stop by itself: FACT_UNHANDLED, RUN_TOO_LARGE,
   * REGISTRY_UNAVAILABLE, BROKER_UNAVAILABLE, CONFIG_INVALID. Handle it: a rejection that nobody handles ends the process.
   */
  done: Promise<void>
  /** Waits for what is under way (`stopTimeoutMs`), commits and leaves the group. Idempotent; never rejects. */
  stop(): Promise<void>
}

/**
 * Consumes `<prefix>.runs` in a consumer group. What is guaranteed:
 *
 * - **Each ended run at least once.** An offset is committed only when everything below it is handled, so a run whose
 *   `onRun` had not resolved when the process died, or when its partition moved to another member, comes again. A
 *   run that is told several times reaches `onRun` once per process, as long as it is among the last 100,000.
 * - **Exactly once is yours to complete**: `run.threadId` and `run.id` together are the same whenever and wherever a
 *   run comes again. Store them with the effect, in one transaction or under a unique key, and do nothing when they
 *   are there.
 * - **Order**: of a thread one call at a time, in the order of the topic, which is that of its runs. A run that comes
 *   again may come after later ones, and for a moment in a rebalance two members may have the same run.
 * - **Nothing is passed over in silence.** When `onRun` rejects it is called again, `attemptsMax` times in all; then
 *   the consumer stops, and `done` rejects with FACT_UNHANDLED. A record that is no fact goes to
 *   `<prefix>.dead-letter`, with the reason in headers and in the log.
 *
 * Resolves when the group is joined.
 * @throws RunnerError CONFIG_INVALID, BROKER_UNAVAILABLE, READ_FAILED when there is no such topic
 */
export const consumeRuns = async (options: ConsumeRunsOptions): Promise<RunsConsumption> => {
  const { onRun, onFact, logger = stderrLogger, ...input } = options
  const config = factConsumerConfig(input)
  const producer = createProducer(config.kafka, { acks: -1 })
  const consumer = createFactConsumer({
    config,
    format: formatFor(config),
    producer,
    logger,
    wants: (fact) => isEnd(fact) || onFact !== undefined,
    handle: async ({ fact }, signal) => {
      if (isEnd(fact)) await onRun(fact as EndedRun, signal)
      else await onFact?.(fact as RunNews, signal)
    },
  })
  const done = consumer.done.finally(() => producer.close())
  const stop = async () => {
    await consumer.stop()
    await done.catch(() => {})
  }
  try {
    await consumer.start()
  } catch (error) {
    await stop()
    throw error
  }
  return { done, stop }
}
