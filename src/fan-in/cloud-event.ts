import type { RunFact } from './run-fact.ts'

/**
 * Headers of a fact's record by the CloudEvents 1.0 Kafka protocol binding, binary content mode: attributes are
 * headers that start with `ce_`, and the value is the data. `ce_source` and `ce_id` together name the record; two
 * with the same say the same.
 */
export const cloudEventHeaders = (
  prefix: string,
  { id, fact, threadId, time, part, parts }: RunFact,
  contentType: string,
  traceparent?: string,
): Record<string, string> => ({
  'content-type': contentType,
  ce_specversion: '1.0',
  ce_type: typeOf(fact),
  ce_source: sourceOf(prefix, threadId),
  ce_id: parts === 1 ? id : `${id}/${part}`,
  ce_time: new Date(time).toISOString(),
  ce_subject: encodeURIComponent(threadId),
  ...(traceparent !== undefined && { ce_traceparent: traceparent }),
})

/** CloudEvents `type`: reverse-DNS would need a domain; this names the project. */
export const typeOf = (fact: RunFact['fact']): string => `kafka-agent-runner.run.${fact}`

/** CloudEvents `source`, a URI-reference: ids are unique within it. */
export const sourceOf = (prefix: string, threadId: string): string =>
  `/kafka-agent-runner/${prefix}/threads/${encodeURIComponent(threadId)}`
