import { createServer } from 'node:net'
import { RunnerError } from '../errors.ts'

/** Everything listens here only. */
export const HOST = '127.0.0.1'

// Below the range that systems hand to outgoing connections (32768 and up on Linux): a port from inside it
// may be somebody's outgoing connection when the broker wants it back after a restart, and a client that
// keeps trying a dead port of that range can even connect to itself.
const PORT_MIN = 20_000
const PORT_MAX = 32_000
const TRIES_MAX = 200

/** Whether a server could listen on this port of 127.0.0.1 now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host: HOST, port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** A random free port that is not in `reserved`; it is added to it. */
export async function freePort(reserved: Set<number>): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN))
    if (reserved.has(port) || !(await isPortFree(port))) continue
    reserved.add(port)
    return port
  }
  throw new RunnerError(
    'PORT_TAKEN',
    `No free port was found for the broker between ${PORT_MIN} and ${PORT_MAX} in ${TRIES_MAX} tries. Name one with the option "port".`,
  )
}

/** `wanted` if it is free, else another: clients should find the broker where it was, but nobody insisted. */
export async function preferPort(wanted: number | undefined, reserved: Set<number>): Promise<number> {
  if (wanted === undefined || reserved.has(wanted) || !(await isPortFree(wanted))) return freePort(reserved)
  reserved.add(wanted)
  return wanted
}

/** `port` or PORT_TAKEN: somebody asked for this very one. */
export async function requirePort(port: number, reserved: Set<number>): Promise<number> {
  if (!(await isPortFree(port))) throw portTaken(port)
  reserved.add(port)
  return port
}

export function portTaken(port: number, cause?: unknown): RunnerError {
  return new RunnerError(
    'PORT_TAKEN',
    `Port ${port} of ${HOST} is taken by another process. Stop that one (lsof -i :${port} names it), or choose another port or none.`,
    { cause },
  )
}
