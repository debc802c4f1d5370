// Restate takes part in "short runs per second" and "time to first event" only.
//
// A run is one invocation of a handler that this process serves, as a worker of a Restate application does, and
// each of the agent's events is a journaled step of it (`ctx.run`). The caller gets the events as the handler's
// answer: Restate has no stream that a caller could follow, so its first event comes with its last one. Two
// things would be unfair to take for such a stream, and are not done: to hand an event to the caller when its
// step is acknowledged in the handler (caller and handler share a process here, by chance), and to have the
// caller poll the handler's state. So it has no part in token latency, sustained throughput, replay or
// connecting a second reader (`connect` is missing).
//
// For Restate's benefit a step does not wait for the one before: they are proposed as the agent emits them, and
// the handler waits for all at its end.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Http2Session } from 'node:http2'
import type { BaseEvent } from '@ag-ui/client'
import {
  type Context,
  createEndpointHandler,
  RestatePromise,
  service,
  TerminalError,
} from '@restatedev/restate-sdk'
import { connect } from '@restatedev/restate-sdk-clients'
import type { Client, Script } from '../contestant.ts'

interface Ids {
  threadId: string
  runId: string
}

export const openClient = async (address: string): Promise<Client> => {
  const { ingress, admin } = JSON.parse(address)
  const scripts = new Map<string, Script>()
  // The name is of this process: Restate routes a name to the deployment that registered it last.
  const agents = service({
    name: `agents-${randomUUID()}`,
    handlers: {
      run: (ctx: Context, ids: Ids) => play(ctx, ids, scripts.get(ids.runId)),
    },
  })
  // Two lines of log a run would be measured too; what fails a run comes to its caller.
  const endpoint = await serve(createEndpointHandler({ services: [agents], logger: () => {} }))
  await register(admin, endpoint.url)
  const client = connect({ url: ingress }).serviceClient<typeof agents>(agents)

  return {
    run: async (threadId, script, onEvent) => {
      const ids = { threadId, runId: randomUUID() }
      scripts.set(ids.runId, script)
      try {
        for (const event of await client.run(ids)) onEvent(event)
      } finally {
        scripts.delete(ids.runId)
      }
    },
    close: () => endpoint.close(),
  }
}

const play = async (ctx: Context, ids: Ids, script: Script | undefined): Promise<BaseEvent[]> => {
  // Restate repeats an invocation whose connection broke; a script cannot be played twice.
  if (script === undefined) throw new TerminalError(`run ${ids.runId} is not one of this process`)
  const steps: RestatePromise<BaseEvent>[] = []
  const emit = (event: BaseEvent) => void steps.push(ctx.run(() => event))
  emit({ type: 'RUN_STARTED', ...ids } as unknown as BaseEvent)
  try {
    await script(emit)
  } catch (error) {
    throw new TerminalError(`the script of run ${ids.runId} failed: ${error}`)
  }
  emit({ type: 'RUN_FINISHED', ...ids } as unknown as BaseEvent)
  return RestatePromise.all(steps)
}

const serve = async (handler: ReturnType<typeof createEndpointHandler>) => {
  const server = createServer(handler).listen(0, '127.0.0.1')
  const sessions = new Set<Http2Session>()
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  })
  await once(server, 'listening')
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('a TCP server has no port')
  return {
    url: `http://127.0.0.1:${bound.port}`,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const session of sessions) session.destroy()
      await closed
    },
  }
}

const register = async (admin: string, uri: string): Promise<void> => {
  const answer = await fetch(`${admin}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri }),
  })
  if (!answer.ok) throw new Error(`Restate did not register ${uri}: ${answer.status} ${await answer.text()}`)
}
