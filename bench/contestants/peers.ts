import type { Contestant } from '../contestant.ts'
import { startDurableStreams } from '../servers/durable-streams.ts'
import { redisVersion, startRedis } from '../servers/redis.ts'
import { startRestate } from '../servers/restate.ts'
import { versionsOf } from './versions.ts'

const clientFile = (name: string): URL => new URL(`./${name}-client.ts`, import.meta.url)

const redisServer = redisVersion()

const redis = (appendfsync: 'always' | 'everysec', durability: string): Contestant => ({
  label: `Redis ${appendfsync}`,
  versions: { ...(redisServer && { 'redis-server': redisServer }), ...versionsOf('ioredis') },
  durability,
  unavailable:
    redisServer === undefined ? 'There is no redis-server here: apt-get install redis-server' : undefined,
  shared: true,
  client: clientFile('redis'),
  server: { name: `redis ${appendfsync}`, start: () => startRedis({ appendfsync }) },
})

const inMemory: Contestant = {
  label: 'in memory',
  versions: versionsOf('@copilotkit/runtime'),
  durability: 'nothing: it is in the memory of its process',
  shared: false,
  client: clientFile('in-memory'),
}

const durableStreams: Contestant = {
  label: 'Durable Streams',
  versions: versionsOf('@durable-streams/server', '@durable-streams/client'),
  durability: 'a crash of the machine: fsynced, one node',
  shared: true,
  client: clientFile('durable-streams'),
  server: { name: 'durable-streams', start: startDurableStreams },
}

const restate: Contestant = {
  label: 'Restate',
  versions: versionsOf(
    '@restatedev/restate-server',
    '@restatedev/restate-sdk',
    '@restatedev/restate-sdk-clients',
  ),
  durability: 'a crash of the machine: fsynced, one node',
  // An invocation's answer goes to its caller; there is no stream for another process to read.
  shared: false,
  client: clientFile('restate'),
  server: { name: 'restate', start: startRestate },
}

export const PEERS: Contestant[] = [
  inMemory,
  redis('everysec', 'a crash of the server; of the machine, up to a second is lost'),
  redis('always', 'a crash of the machine: fsynced, one node'),
  durableStreams,
  restate,
]
