import { type ICustomPartitioner, type Message, Partitioners, type Producer } from 'kafkajs'

/** Sends of what a send left out; each comes after kafkajs's own attempts. */
const SENDS_MAX = 10

/**
 * kafkajs 2.2 loses records and says nothing: of a batch for several leaders it tries again what one leader refused,
 * but passes over partitions that have moved to a leader which had answered already for others. So the answer is
 * compared with where the records were to go, and what has no answer is sent again.
 */
export class WholeSend {
  readonly #partitionOf = new WeakMap<Message, number>()

  /** For the producer: notes where each record goes. */
  readonly createPartitioner: ICustomPartitioner = () => {
    const partitioner = Partitioners.DefaultPartitioner()
    return (args) => {
      const partition = partitioner(args)
      this.#partitionOf.set(args.message, partition)
      return partition
    }
  }

  /** Resolves when every record is acknowledged. @throws where some are not, after several attempts */
  async send(
    producer: Pick<Producer, 'send'>,
    { topic, acks, messages }: { topic: string; acks: number; messages: Message[] },
  ): Promise<void> {
    let left = messages
    for (let attempt = 0; attempt < SENDS_MAX; attempt += 1) {
      const answers = await producer.send({ topic, acks, messages: left })
      const answered = new Set(answers.map(({ partition }) => partition))
      left = left.filter((message) => !answered.has(this.#partitionOf.get(message) ?? -1))
      if (left.length === 0) return
    }
    throw new Error(`${left.length} records were not acknowledged in ${SENDS_MAX} attempts`)
  }
}
