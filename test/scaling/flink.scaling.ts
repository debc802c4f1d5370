import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { javaProgram, runProgram } from '../examples/programs.ts'
import { ScriptedAgent, talker } from '../support/agents.ts'
import { collect, inputFor } from '../support/events.ts'
import { useKafka } from '../support/kafka.ts'
import { registerSchemas } from '../support/registered.ts'
import { useSharedRegistry } from '../support/shared-registry.ts'

const registry = useSharedRegistry()
const RUNS = 4
const DELTAS = 7
/** As many of each: two queries, by outcome and by type of event; deltas are joined. */
const ROWS = [
  `+I[talker, finished, ${RUNS}, ${RUNS * (DELTAS + 4)}]`,
  `+I[talker, RUN_FINISHED, ${RUNS}, ${RUNS}]`,
  `+I[talker, RUN_STARTED, ${RUNS}, ${RUNS}]`,
  `+I[talker, TEXT_MESSAGE_CONTENT, ${RUNS}, ${RUNS * DELTAS}]`,
  `+I[talker, TEXT_MESSAGE_END, ${RUNS}, ${RUNS}]`,
  `+I[talker, TEXT_MESSAGE_START, ${RUNS}, ${RUNS}]`,
]

it.each(['facts_json', 'facts_avro'])('Flink SQL counts each run once by the table %s', async (table) => {
  const program = await javaProgram('flink', 'run-sql.jar')
  const kafka = useKafka()
  const schemas = table === 'facts_avro' ? await useSchemas(kafka.prefix) : undefined
  const runner = kafka.runner({ worker: true, schemaRegistry: schemas && { url: schemas.registry } })
  const agent = new ScriptedAgent(talker(DELTAS), 'talker')
  for (let at = 0; at < RUNS; at += 1)
    await collect(runner.run({ threadId: `t${at % 2}`, agent, input: inputFor(`t${at % 2}`) }))

  const values = { table, prefix: kafka.prefix, brokers: kafka.brokers.join(), ...schemas }
  const args = Object.entries(values).map(([name, value]) => `${name}=${value}`)
  const { code, stdout, stderr } = await runProgram(program, [resolve('examples/flink/runs.sql'), ...args])
  expect(code, stderr).toBe(0)
  expect(stdout.trim().split('\n').toSorted()).toEqual(ROWS.toSorted())
})

/** The registry, and what it has under the subject of the runs. */
const useSchemas = async (prefix: string) => {
  const { url } = registry
  await registerSchemas(url, prefix)
  const answer = await fetch(`${url}/subjects/${prefix}.runs-value/versions/latest/schema`)
  return { registry: url, schema: await answer.text() }
}
