import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it, onTestFinished } from 'vitest'
import { endInParts, factOf, until, useRunsTopic } from '../support/facts.ts'
import { useKafka } from '../support/kafka.ts'
import { committedOf } from '../support/topic.ts'

const EXAMPLE = readFileSync('docs/webhooks.md', 'utf8').split('```ts\n')[1]!.split('\n```')[0]!

it('the consumer of docs/webhooks.md has each run once, also when it reads the topic twice', async () => {
  const { brokers, prefix } = useKafka()
  const topic = await useRunsTopic({ brokers, prefix })
  await topic.tell([factOf('t', 'accepted', 1), ...endInParts('t', 1, 3), factOf('u', 'failed', 2)])
  const folder = mkdtempSync(join(tmpdir(), 'kar-consume-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'billing.sqlite')
  for (const groupId of [`${prefix}.one`, `${prefix}.two`]) {
    const code = EXAMPLE.replace('localhost:9092', brokers[0]!)
      .replace("'kafka-agent-runner'", `'./src/index.ts'`)
      .replace("'billing.sqlite'", JSON.stringify(file))
      .replace("'agents'", JSON.stringify(prefix))
      .replace("'billing'", JSON.stringify(groupId))
    const program = spawn(process.execPath, ['--input-type=module-typescript', '-e', code], {
      stdio: 'ignore',
    })
    const exited = new Promise((resolve) => program.once('exit', resolve))
    onTestFinished(() => void program.kill('SIGKILL'))
    await until(async () => (await committedOf(brokers, groupId, topic.topic)) === 5)
    program.kill('SIGTERM')
    expect(await exited).toBe(0)
  }
  const database = new DatabaseSync(file)
  onTestFinished(() => database.close())
  const rows = database.prepare('SELECT thread, fact, events FROM runs ORDER BY thread').all()
  expect(rows.map((row) => ({ ...row }))).toEqual([
    { thread: 't', fact: 'finished', events: 3 },
    { thread: 'u', fact: 'failed', events: 0 },
  ])
})
