import { AbstractAgent, type BaseEvent, type RunAgentInput } from '@ag-ui/client'
import kafkajs, { logLevel } from 'kafkajs'
import { type Observable, of } from 'rxjs'
import { expect, it, onTestFinished } from 'vitest'
import { sharedTopics } from '../../src/topics.ts'
import { collect, inputFor } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'

/** Tells the names of the headers that it was given, as an agent that calls a service would use them. */
class HeaderAgent extends AbstractAgent {
  headers: Record<string, string> = {}

  run({ threadId, runId }: RunAgentInput): Observable<BaseEvent> {
    const events = [
      { type: 'RUN_STARTED', threadId, runId },
      { type: 'CUSTOM', name: 'headers', value: Object.keys(this.headers) },
      { type: 'RUN_FINISHED', threadId, runId },
    ]
    return of(...(events as unknown as BaseEvent[]))
  }
}

it('lets only the headers of the allow-list reach a remote worker, and none by default', async () => {
  const kafka = useKafka()
  await kafka.worker({ agents: { headers: () => new HeaderAgent() } })
  const run = async (threadId: string, forwardHeaders?: string[]) => {
    const agent = new HeaderAgent({ agentId: 'headers' })
    agent.headers = { 'X-Tenant': 'acme', Authorization: 'Bearer secret' }
    const events = await collect(
      kafka.runner({ forwardHeaders }).run({ threadId, agent, input: inputFor(threadId) }),
    )
    return events.find(({ type }) => String(type) === 'CUSTOM')?.value
  }
  expect(await run('default')).toEqual([])
  expect(await run('allowed', ['x-tenant'])).toEqual(['X-Tenant'])

  const consumer = new kafkajs.Kafka({ brokers: kafka.brokers, logLevel: logLevel.NOTHING }).consumer({
    groupId: `${kafka.prefix}-reader`,
  })
  onTestFinished(() => consumer.disconnect())
  await consumer.subscribe({ topic: sharedTopics(kafka.prefix, 3).commands.name, fromBeginning: true })
  const commands: string[] = []
  const both = Promise.withResolvers<void>()
  await consumer.run({
    eachMessage: async ({ message }) => {
      if (commands.push(String(message.value)) === 2) both.resolve()
    },
  })
  await both.promise
  expect(commands.join('\n')).toContain('acme')
  expect(commands.join('\n')).not.toContain('secret')
})
