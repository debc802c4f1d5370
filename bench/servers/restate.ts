import { createRequire } from 'node:module'
import type { Server } from '../contestant.ts'
import { freePort, ownProcess } from './redis.ts'

/** One node of Restate with its own defaults: 24 partitions, a log that it fsyncs. */
export const startRestate = async (): Promise<Server> => {
  const [node, ingress, admin] = [await freePort(), await freePort(), await freePort()]
  const server = ownProcess((dir) => ({
    command: binary(),
    args: [
      ...['--base-dir', dir, '--node-name', 'bench', '--listen-mode', 'tcp', '--no-logo'],
      ...['--bind-ip', '127.0.0.1', '--bind-port', String(node), '--advertised-host', '127.0.0.1'],
    ],
    env: {
      RESTATE_INGRESS__BIND_PORT: String(ingress),
      RESTATE_ADMIN__BIND_PORT: String(admin),
      RESTATE_LOG_FILTER: 'warn',
      RESTATE_DISABLE_TELEMETRY: 'true',
      DO_NOT_TRACK: '1',
    },
  }))
  const address = { ingress: `http://127.0.0.1:${ingress}`, admin: `http://127.0.0.1:${admin}` }
  for (const url of [`${address.ingress}/restate/health`, `${address.admin}/health`])
    await server.until(() => answers(url))
  return { address: JSON.stringify(address), pids: server.pids, stop: server.stop }
}

/** The server itself: its npm wrapper is a process more, and dies without it. */
const binary = (): string => {
  const wrapper = createRequire(import.meta.resolve('@restatedev/restate-server/package.json'))
  return wrapper.resolve(`@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`)
}

const answers = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(url)).ok
  } catch {
    // Nobody listens yet.
    return false
  }
}
