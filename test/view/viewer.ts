import { KafkaAgentRunner } from '../../src/runner/kafka-agent-runner.ts'

/** A process that keeps a view in a file, and says how far it has come until it is killed. */
const [brokers = '', prefix = '', path = ''] = process.argv.slice(2)
const runner = new KafkaAgentRunner({
  kafka: { brokers: brokers.split(',') },
  prefix,
  commandPartitions: 3,
  worker: false,
  view: { path },
})
await runner.start()
setInterval(() => {
  const threads = runner.listThreads().length
  process.stdout.write(`${JSON.stringify({ threads, ...runner.viewStatus() })}\n`)
}, 5)
