import { expect, it } from 'vitest'
import { closeWithWorkers } from '../../src/agents/shared-resources.ts'
import { useKafka } from '../support/kafka.ts'

it('a worker that stops closes what agents share, and a failure there does not keep it', async () => {
  let closed = 0
  closeWithWorkers(async () => {
    closed += 1
  })
  closeWithWorkers(() => Promise.reject(new Error('It does not close.')))
  const warned: unknown[] = []
  const logger = { info: () => {}, warn: (...said: unknown[]) => void warned.push(said), error: () => {} }
  const worker = await useKafka().worker({ agents: {}, logger })
  expect(closed).toBe(0)
  await worker.stop()
  expect(closed).toBe(1)
  expect(JSON.stringify(warned)).toContain('It does not close.')
})
