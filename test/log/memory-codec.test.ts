import { expect, it } from 'vitest'
import { decodeRecord, encodeRecord } from '../../src/log/codec.ts'
import type { StateRecord } from '../../src/log/record.ts'

const record: StateRecord = {
  kind: 'state',
  claimId: 'c',
  version: 3,
  value: { conversation: 'x', n: [1] },
  time: 7,
}

it('brings what an agent remembers through Kafka as it was', () => {
  expect(decodeRecord(encodeRecord(record))).toEqual(record)
  expect(encodeRecord(record, 2).key).toBe('state.c.3.2')
})

it('takes what is no object, or has no version, for a foreign record', () => {
  const wire = encodeRecord(record)
  expect(decodeRecord({ ...wire, value: Buffer.from('[1]') }).kind).toBe('foreign')
  expect(decodeRecord({ ...wire, headers: { kind: 'state', claim: 'c', time: '1' } }).kind).toBe('foreign')
})
