import { describe, expect, it } from 'vitest'
import { sleep } from '../../src/sleep.ts'
import { follow, record, useLogIo } from '../support/log-io.ts'

describe('appending and following a log', () => {
  it('keeps the order of each topic, and numbers what travels together', async () => {
    const { cluster, appender, tail, topic } = useLogIo()
    const topics = Array.from({ length: 5 }, (_, index) => `${topic}-${index}`)
    await Promise.all(topics.map((name) => cluster.createTopic(name, {})))
    const appended = topics.flatMap((name) =>
      Array.from({ length: 200 }, (_, index) =>
        appender.append(name, () => [record(`${index}a`), record(`${index}b`)]),
      ),
    )
    const offsets = (await Promise.all(appended)).map(({ baseOffset }) => baseOffset)
    expect(offsets).toEqual(topics.flatMap(() => Array.from({ length: 200 }, (_, index) => 2 * index)))
    for (const name of topics) {
      const reader = follow(tail, name)
      await reader.until(400)
      expect(reader.records.map(({ key }) => key)).toEqual(
        Array.from({ length: 200 }, (_, index) => [`${index}a`, `${index}b`]).flat(),
      )
    }
  })

  it('appends to a topic that appears only later, under a new key for each attempt', async () => {
    const { cluster, appender, tail, topic } = useLogIo()
    const attempts: number[] = []
    const appended = appender.append(topic, (attempt) => {
      attempts.push(attempt)
      return [record(`a.${attempt}`)]
    })
    await sleep(100)
    await cluster.createTopic(topic, {})
    expect(await appended).toEqual({ baseOffset: 0, appendAttempt: attempts.at(-1) })
    const reader = follow(tail, topic)
    await reader.until(1)
    expect(attempts.length).toBeGreaterThan(1)
    expect(reader.records.map(({ key }) => key)).toEqual([`a.${attempts.at(-1)}`])
  })

  it('delivers to readers that join at any time every offset once, across the change from replay to live', async () => {
    const { cluster, appender, tail, topic } = useLogIo()
    await cluster.createTopic(topic, {})
    const readers: ReturnType<typeof follow>[] = []
    for (let index = 0; index < 100; index += 1) {
      await appender.append(topic, () => [record(String(index))])
      if (index % 20 === 0) readers.push(follow(tail, topic), follow(tail, topic, index))
      await sleep(5)
    }
    for (const [index, reader] of readers.entries()) {
      const from = index % 2 === 0 ? 0 : Math.floor(index / 2) * 20
      await reader.until(100 - from)
      expect(reader.records.map(({ offset }) => offset)).toEqual(
        Array.from({ length: 100 - from }, (_, number) => from + number),
      )
    }
  })

  it('follows more topics than one fetch session holds, and forgets those that are left', async () => {
    const { cluster, appender, tail, topic } = useLogIo()
    const topics = Array.from({ length: 60 }, (_, index) => `${topic}-${index}`)
    await Promise.all(topics.map((name) => cluster.createTopic(name, {})))
    const readers = topics.map((name) => follow(tail, name))
    await sleep(600)
    for (const reader of readers.slice(0, 30)) reader.stop()
    await Promise.all(topics.map((name) => appender.append(name, () => [record('a')])))
    await Promise.all(readers.slice(30).map((reader) => reader.until(1)))
    expect(readers.map(({ records }) => records.length)).toEqual([...Array(30).fill(0), ...Array(30).fill(1)])
  })

  it('says that a topic is missing, at once', async () => {
    const { tail, topic } = useLogIo()
    const reader = follow(tail, topic)
    await reader.until(1)
    expect(reader.errors).toEqual(['missing'])
  })

  it('writes tombstones', async () => {
    const { cluster, appender, tail, topic } = useLogIo()
    await cluster.createTopic(topic, { 'cleanup.policy': 'compact' })
    await appender.append(topic, () => [record('a'), record('a', null)])
    const reader = follow(tail, topic)
    await reader.until(2)
    expect(reader.records.map(({ value }) => value?.toString() ?? null)).toEqual(['a', null])
  })
})
