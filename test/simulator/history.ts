import type { FetchedRecord } from '../../src/kafka/fetch.ts'

/** What all of a thread's records ever say, by plain JSON: none of the rules under test is asked. */
export interface ThreadFacts {
  /** Claims, valid or not, by run. */
  claims: Map<string, { claimId: string; claim: string }[]>
  /** The first rejection of each run, and whether a claim of it stood before. */
  rejected: Map<string, { code: string; afterClaim: boolean }>
  /** Of all terminal events that were appended, visible or not. */
  terminals: { runId: string; type: string; cause: string }[]
  /** All appended events, in their order. */
  events: { json: string; seq: number }[]
}

export const factsOf = (records: readonly FetchedRecord[]): ThreadFacts => {
  const facts: ThreadFacts = { claims: new Map(), rejected: new Map(), terminals: [], events: [] }
  const runOfClaim = new Map<string, string>()
  for (const { value, headers } of records) {
    if (value === null) continue
    const json = value.toString('utf8')
    const fields = JSON.parse(json)
    if (headers.kind === 'claim') {
      const known = facts.claims.get(fields.runId) ?? []
      // A repeated append of the same claim is no second one.
      if (known.every(({ claimId }) => claimId !== fields.claimId)) known.push(fields)
      facts.claims.set(fields.runId, known)
      runOfClaim.set(fields.claimId, fields.runId)
    }
    if (headers.kind === 'rejected' && !facts.rejected.has(fields.runId))
      facts.rejected.set(fields.runId, { code: fields.code, afterClaim: facts.claims.has(fields.runId) })
    if (headers.kind === 'event') {
      facts.events.push({ json, seq: Number(headers.seq) })
      const runId = runOfClaim.get(headers.claim ?? '') ?? ''
      if (headers.cause !== undefined)
        facts.terminals.push({ runId, type: fields.type, cause: headers.cause })
    }
  }
  return facts
}
