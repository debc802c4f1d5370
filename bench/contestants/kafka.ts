import { readFileSync } from 'node:fs'
import type { Contestant } from '../contestant.ts'
import { startKafka } from '../servers/kafka.ts'
import { versionsOf } from './versions.ts'

const VERSION: string = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
).version

/** As src/broker pins it. */
const KAFKA = '4.2.0'

const server = { name: 'kafka', start: startKafka }
const durability = 'acks=all, one broker, not fsynced: a crash of processes; of a machine with three brokers'

export const OURS: Contestant = {
  label: 'ours',
  versions: { 'kafka-agent-runner': VERSION, ...versionsOf('@platformatic/kafka', 'kafkajs'), kafka: KAFKA },
  durability,
  shared: true,
  client: new URL('./ours-client.ts', import.meta.url),
  server,
}

export const FLOOR: Contestant = {
  label: 'floor',
  versions: { ...versionsOf('@platformatic/kafka'), kafka: KAFKA },
  durability,
  shared: true,
  client: new URL('./floor-client.ts', import.meta.url),
  server,
}
