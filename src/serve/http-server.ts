import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ServerConfig } from '../config.ts'
import { RunnerError } from '../errors.ts'

export interface HttpServer {
  url: string
  /** From here on requests go to this; before, they are told to wait. */
  serve(listener: RequestListener): void
  /** Takes no new connections; resolves when the requests under way have ended. Idempotent. */
  stop(): Promise<void>
  /** Cuts the connections that are left, such as readers that follow a thread. */
  cut(): void
}

/**
 * Listens at once, before brokers and workers are there, so that a taken port is told in a moment.
 * @throws RunnerError PORT_TAKEN, CONFIG_INVALID
 */
export const listen = async ({ host, port }: ServerConfig): Promise<HttpServer> => {
  let listener: RequestListener = (_request, response) => answerStarting(response)
  const server = createServer((request, response) => void listener(request, response))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, host, port)))
    server.listen({ host, port }, resolve)
  })
  let stopped: Promise<void> | undefined
  return {
    url: urlOf(server.address() as AddressInfo),
    serve: (next) => {
      listener = next
    },
    stop: () => {
      stopped ??= new Promise((resolve) => server.close(() => resolve()))
      return stopped
    },
    cut: () => server.closeAllConnections(),
  }
}

/** An address that a browser on this machine can open. */
const urlOf = ({ address, family, port }: AddressInfo): string => {
  const host = address === '0.0.0.0' || address === '::' ? 'localhost' : address
  return `http://${family === 'IPv6' && host !== 'localhost' ? `[${host}]` : host}:${port}`
}

const answerStarting = (response: ServerResponse): void => {
  response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '1' })
  response.end(
    JSON.stringify({ error: 'STARTING', message: 'The server is starting. Try again in a moment.' }),
  )
}

const listenError = (error: NodeJS.ErrnoException, host: string, port: number): RunnerError => {
  if (error.code === 'EADDRINUSE') {
    return new RunnerError(
      'PORT_TAKEN',
      `Port ${port} of ${host} is taken by another process. Choose another with PORT=${port + 1}, or stop that one ` +
        `(lsof -i :${port} names it).`,
      { cause: error },
    )
  }
  return new RunnerError(
    'CONFIG_INVALID',
    `The server cannot listen on ${host}:${port} (${error.message}). Check HOST and PORT.`,
    { cause: error },
  )
}
