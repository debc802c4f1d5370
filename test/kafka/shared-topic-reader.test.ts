import { expect, it } from 'vitest'
import { createSharedTopicReader } from '../../src/kafka/shared-topic-reader.ts'
import type { Tail } from '../../src/kafka/tail.ts'
import { jsonFormat } from '../../src/schema/record-format.ts'

/** A tail whose brokers do not know the topic for the first `times` that it is asked; time passes in sleeps alone. */
const useReader = (times: number) => {
  let asked = 0
  let now = 0
  const troubles: string[] = []
  const tail = {
    follow: (_topic: string, _from: number, { onMissing, onCaughtUp }: Parameters<Tail['follow']>[2]) => {
      asked += 1
      const known = asked > times
      queueMicrotask(() => (known ? onCaughtUp?.(0) : onMissing()))
      return { stop: () => {} }
    },
  } as unknown as Tail
  const system = {
    elapsed: () => now,
    sleep: async (ms: number) => {
      now += ms
      await new Promise(setImmediate)
    },
  }
  const reader = createSharedTopicReader({
    tail,
    topic: 'agents.workers',
    format: jsonFormat,
    onRecord: () => {},
    onTrouble: ({ code }) => void troubles.push(code),
    system,
  })
  return { reader, troubles, asked: () => asked }
}

it('waits for a topic that the broker which is asked does not know yet', async () => {
  const { reader, troubles, asked } = useReader(5)
  await reader.start()
  reader.stop()
  expect([asked(), troubles]).toEqual([6, []])
})

it('says so where it stays away, and follows it once it is there', async () => {
  const { reader, troubles, asked } = useReader(400)
  await expect(reader.start()).rejects.toMatchObject({ code: 'READ_FAILED' })
  while (asked() <= 400) await new Promise(setImmediate)
  reader.stop()
  expect(troubles).toEqual(['READ_FAILED'])
})
