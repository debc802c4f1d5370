import { type RunnerInput, runnerConfig } from '../config.ts'
import { newestRecords } from '../kafka/newest-records.ts'
import { jsonFormat } from '../schema/record-format.ts'
import { machine } from '../system.ts'
import { createMapping, type Outcome } from './mapping.ts'
import { compileTriggers } from './trigger.ts'
import type { TriggerFile } from './trigger-file.ts'

/** A source record, and what a trigger would make of it. */
export interface Tried {
  source: string
  outcome: Outcome
}

/**
 * What the newest records of each topic would become. Nothing is written or committed.
 * @throws RunnerError CONFIG_INVALID, BROKER_UNAVAILABLE, READ_FAILED, REGISTRY_UNAVAILABLE
 */
export async function* tryTriggers(
  input: RunnerInput,
  file: TriggerFile,
  count: number,
): AsyncGenerator<Tried> {
  const config = runnerConfig(input)
  const triggers = compileTriggers(file)
  // The commands are shown as JSON whatever they would be written in.
  const mapping = createMapping({ config, triggers, format: jsonFormat, now: machine.now })
  for (const topic of new Set(triggers.map((trigger) => trigger.topic))) {
    for (const record of await newestRecords(config.kafka, topic, count)) {
      const source = `${topic}/${record.partition}/${record.offset}`
      for (const outcome of await mapping(record)) yield { source, outcome }
    }
  }
}
