import { messageOf, RunnerError } from '../errors.ts'
import type { ConsumedRecord } from '../kafka/consumed-record.ts'
import { isOfRegistry, type RecordFormat } from '../schema/record-format.ts'
import { parseRunFact, type RunFact } from './run-fact.ts'

/**
 * Reads a record of the runs topic.
 * @throws RunnerError FACT_UNDECODABLE: the record is at fault; REGISTRY_UNAVAILABLE, CONFIG_INVALID: this process or
 * the registry is, and other records would fare no better
 */
export const decodeFact = async (
  format: RecordFormat,
  { value, headers }: Pick<ConsumedRecord, 'value' | 'headers'>,
): Promise<RunFact> => {
  if (format.contentType !== AVRO && isOfRegistry(value) && headers['content-type'] === AVRO)
    throw noRegistry()
  await format.load(value)
  const fact = parsed(() => parseRunFact(format.decode('run-fact', value)))
  if (fact.part >= fact.parts) throw undecodable(`part: ${fact.part} of ${fact.parts}, which begin at 0`)
  return fact
}

const AVRO = 'application/avro'

const parsed = (parse: () => RunFact): RunFact => {
  try {
    return parse()
  } catch (error) {
    const issues = (error as { issues?: { path: PropertyKey[]; message: string }[] }).issues
    const reason = issues?.map(({ path, message }) => `${path.join('.') || 'value'}: ${message}`).join('; ')
    throw undecodable((reason ?? messageOf(error)).slice(0, 500), error)
  }
}

const undecodable = (reason: string, cause?: unknown): RunnerError =>
  new RunnerError(
    'FACT_UNDECODABLE',
    `A record of the runs topic is no fact about a run: ${reason}. See schemas/run-fact.json.`,
    { cause },
  )

const noRegistry = (): RunnerError =>
  new RunnerError(
    'CONFIG_INVALID',
    'The runs topic holds Avro of a schema registry, and this consumer knows none. Set schemaRegistry (SCHEMA_REGISTRY_URL).',
  )
