import { describe, expect, it } from 'vitest'
import { sleep } from '../../src/sleep.ts'
import { follow, record, useLogIo } from '../support/log-io.ts'

const idOf = async (io: ReturnType<typeof useLogIo>) => (await io.cluster.locate(io.topic))!.topicId

/** Two processes: what the one deletes, the other has cached. */
const useTwo = async () => {
  const one = useLogIo()
  const other = { ...useLogIo(), topic: one.topic }
  await one.cluster.createTopic(one.topic, {})
  await other.appender.append(one.topic, () => [record('a'), record('b')])
  return { one, other, topic: one.topic, topicId: await idOf(other) }
}

describe('a topic that is deleted', () => {
  it('is gone for its live readers within some seconds, and no reader of another topic notices', async () => {
    const { one, other, topic, topicId } = await useTwo()
    const neighbour = `${topic}-neighbour`
    await one.cluster.createTopic(neighbour, {})
    const reader = follow(other.tail, topic)
    const undisturbed = follow(other.tail, neighbour)
    await reader.until(2)
    await sleep(600)
    await one.cluster.deleteTopic(topic, topicId)
    for (let index = 0; index < 100; index += 1) {
      await one.appender.append(neighbour, () => [record(String(index))])
      await sleep(5)
    }
    await undisturbed.until(100)
    expect(undisturbed.records.map(({ key }) => Number(key))).toEqual(
      Array.from({ length: 100 }, (_, n) => n),
    )
    await reader.until(3)
    expect(reader.errors).toEqual(['gone'])
    expect(undisturbed.errors).toEqual([])
  })

  it('may come back under its name as another: who read the first is told, and offsets are not mixed up', async () => {
    const { one, other, topic, topicId } = await useTwo()
    const live = follow(other.tail, topic)
    await live.until(2)
    await one.cluster.deleteTopic(topic, topicId)
    await one.cluster.createTopic(topic, {})
    await one.appender.append(topic, () => [record('c'), record('d'), record('e')])
    expect(await idOf(one)).not.toBe(topicId)

    const known = follow(other.tail, topic, 2, topicId)
    const anew = follow(other.tail, topic)
    await anew.until(3)
    expect(anew.records.map(({ key }) => key)).toEqual(['c', 'd', 'e'])
    await known.until(1)
    expect([known.records, known.errors]).toEqual([[], ['missing']])
    await live.until(3)
    expect([live.records.length, live.errors]).toEqual([2, ['gone']])
  })

  it('is the one with the id that was named, never another of its name; twice does no harm', async () => {
    const { one, other, topic, topicId } = await useTwo()
    await Promise.all([one.cluster.deleteTopic(topic, topicId), other.cluster.deleteTopic(topic, topicId)])
    expect(await other.cluster.locate(topic)).toBeUndefined()
    await one.cluster.createTopic(topic, {})
    await other.cluster.deleteTopic(topic, topicId)
    expect(await one.appender.append(topic, () => [record('a')])).toMatchObject({ baseOffset: 0 })
  })

  it('can be deleted and made again at once, again and again, from two sides', async () => {
    const { one, other, topic } = await useTwo()
    for (let round = 0; round < 10; round += 1) {
      const [by, beside] = round % 2 === 0 ? [one, other] : [other, one]
      by.cluster.forget(topic)
      await by.cluster.deleteTopic(topic, await idOf({ ...by, topic }))
      await by.cluster.createTopic(topic, {})
      // The other side has the old place cached.
      expect(await beside.appender.append(topic, () => [record('a')])).toMatchObject({ baseOffset: 0 })
    }
  })
})
