import { fileURLToPath } from 'node:url'
import type { Server } from '../contestant.ts'
import { ownProcess } from './redis.ts'

const MAIN = fileURLToPath(new URL('./durable-streams-main.ts', import.meta.url))

/** The reference server of Durable Streams, file-backed: it fsyncs each append before it answers. */
export const startDurableStreams = async (): Promise<Server> => {
  const server = ownProcess((dir) => ({ command: process.execPath, args: [MAIN, dir] }))
  const address = () => /listening on (\S+)/.exec(server.printed())?.[1]
  await server.until(() => address() !== undefined)
  return { address: String(address()), pids: server.pids, stop: server.stop }
}
