// Starts a run of an agent by a record in plain JSON, and waits for its end. Needs kafkajs only.
//   node run-agent.mjs <broker> <agent> <thread> <text> [<command id>]      (prefix: $KAR_PREFIX, else agents)
import { randomUUID } from 'node:crypto'
import kafkajs from 'kafkajs'

const [broker, agentId, threadId, content, commandId = randomUUID()] = process.argv.slice(2)
const prefix = process.env.KAR_PREFIX ?? 'agents'
const runs = `${prefix}.runs`
const kafka = new kafkajs.Kafka({ brokers: [broker], logLevel: kafkajs.logLevel.ERROR })
const [admin, producer] = [
  kafka.admin(),
  kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner }),
]
const consumer = kafka.consumer({ groupId: `run-agent-${randomUUID()}` })
await Promise.all([admin.connect(), producer.connect(), consumer.connect()])

// Before the command is sent, so that nothing that it causes is missed.
const ends = await admin.fetchTopicOffsets(runs)
const parts = new Map()
let tellEnd
const ended = new Promise((resolve) => {
  tellEnd = resolve
})
await consumer.subscribe({ topic: runs })
await consumer.run({
  autoCommit: false,
  eachMessage: async ({ message }) => {
    const fact = JSON.parse(message.value)
    if (fact.threadId !== threadId || fact.commandId !== commandId) return
    if (fact.fact === 'accepted' || fact.fact === 'started') return console.error(fact.fact)
    // The end. It comes at least once, and a large one in several parts.
    parts.set(fact.part, fact)
    if (parts.size === fact.parts) tellEnd()
  },
})
for (const { partition, offset } of ends) consumer.seek({ topic: runs, partition, offset })

const input = { threadId, runId: commandId, messages: [{ id: `${commandId}-1`, role: 'user', content }] }
const command = { version: 1, commandId, threadId, agentId, input, ttlMs: 60_000, time: Date.now() }
await producer.send({
  topic: `${prefix}.commands`,
  messages: [{ key: threadId, value: JSON.stringify(command) }],
})

await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 60_000).unref())])
const facts = [...parts.values()].sort((one, other) => one.part - other.part)
const events = facts.flatMap((fact) => fact.events)
const said = events.filter(({ type }) => type === 'TEXT_MESSAGE_CONTENT').map(({ event }) => event.delta)
console.log(facts.at(-1)?.fact ?? 'no answer')
console.log(said.join(''))
await Promise.all([admin.disconnect(), producer.disconnect(), consumer.disconnect()])
process.exitCode = facts.at(-1)?.fact === 'finished' ? 0 : 1
