import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { AbstractAgent, RunAgentInput } from '@ag-ui/client'
import express, { type Request, type Response } from 'express'
import { type Observable, of } from 'rxjs'
import { CONCURRENT_RUN_MODES, LIMITS } from '../config.ts'
import { type Logger, stderrLogger } from '../logger.ts'
import type { RunRequest } from '../runner/contract.ts'
import type { KafkaAgentRunner } from '../runner/kafka-agent-runner.ts'
import { type Agents, agentFor } from '../worker/agents.ts'
import { errorHandler, HttpError } from './http-error.ts'
import { RemoteAgent } from './remote-agent.ts'
import { runInput, stopInput } from './run-input.ts'
import { runError, type SentEvent, type SseOptions, sendEvents } from './sse.ts'

export interface AgentRouterOptions extends Partial<SseOptions> {
  runner: Pick<KafkaAgentRunner, 'start' | 'readRun' | 'read' | 'stop' | 'status' | 'deleteThread'>
  /**
   * The agents that the runner's embedded worker runs; others are answered with 404. Leave it out for a runner
   * with `worker: false`: any id is then sent on, and the workers know which there are.
   */
  agents?: Agents
  /** Names of request headers that travel with a run, if the runner's own list has them too. @default none */
  forwardHeaders?: string[]
  /** @default warnings and errors on standard error */
  logger?: Logger
}

/** Middleware as Express 4 and 5 and plain `node:http` take it. No Express type: users need not have them. */
export type AgentRouter = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void

/** @default 15 s and 4 MB */
const SSE_DEFAULTS: SseOptions = { keepAliveMs: 15_000, pendingBytesMax: 4_000_000 }

/** JSON may be longer on the way than in the log, where it is written anew: escapes, white space. */
export const BODY_BYTES_MAX = 4 * LIMITS.recordBytesMax

/** Plain AG-UI over HTTP, for `HttpAgent` and for curl: docs/http.md. */
export const createAgentRouter = (options: AgentRouterOptions): AgentRouter => {
  const { runner, logger = stderrLogger } = options
  const sse: SseOptions = {
    keepAliveMs: options.keepAliveMs ?? SSE_DEFAULTS.keepAliveMs,
    pendingBytesMax: options.pendingBytesMax ?? SSE_DEFAULTS.pendingBytesMax,
  }
  const json = express.json({ limit: BODY_BYTES_MAX })
  const router = express.Router()

  router.post('/agents/:agentId/run', json, async (request: Request, response: Response) => {
    const input = runInput(request.body)
    const onConcurrentRun = modeOf(request.query.onConcurrentRun)
    const agent = await agentOf(String(request.params.agentId), input, request.headers, options)
    await runner.start()
    sendEvents(
      response,
      begin(() => runner.readRun({ threadId: input.threadId, agent, input, onConcurrentRun })),
      sse,
    )
  })

  router.get('/threads/:threadId/events', async (request: Request, response: Response) => {
    const threadId = String(request.params.threadId)
    const follow = flagOf(request.query.follow)
    const events = runner.read({ threadId, after: cursorOf(request), follow })
    await runner.start()
    sendEvents(response, events, sse)
  })

  router.post('/threads/:threadId/stop', json, async (request: Request, response: Response) => {
    const threadId = String(request.params.threadId)
    const { runId } = stopInput(request.body)
    const stopped = (await runner.stop({ threadId, runId })) ?? null
    response.json({ stopped, message: stopMessage(stopped, threadId, runId) })
  })

  router.get('/threads/:threadId', async (request: Request, response: Response) => {
    const threadId = String(request.params.threadId)
    const status = await runner.status(threadId)
    if (status === undefined) throw threadUnknown(threadId)
    response.json(status)
  })

  router.delete('/threads/:threadId', async (request: Request, response: Response) => {
    const threadId = String(request.params.threadId)
    if (!(await runner.deleteThread({ threadId }))) throw threadUnknown(threadId)
    response.json({ deleted: true, message: `Thread ${JSON.stringify(threadId)} was deleted.` })
  })

  router.use(errorHandler(logger))
  // Express's own request and response are Node's with more on them.
  return router as unknown as AgentRouter
}

/** A run that is refused at once is told as one that the log refuses: whichever process has the thread's run. */
const begin = (run: () => Observable<SentEvent>): Observable<SentEvent> => {
  try {
    return run()
  } catch (error) {
    return of({ event: runError(error) })
  }
}

/** W3C trace context: says nothing of anybody, and ties what a run leads to together. */
const TRACEPARENT = 'traceparent'

/** @throws RunnerError UNKNOWN_AGENT */
const agentOf = async (
  agentId: string,
  input: RunAgentInput,
  incoming: IncomingHttpHeaders,
  { agents, forwardHeaders = [] }: AgentRouterOptions,
): Promise<AbstractAgent> => {
  const names = [...forwardHeaders, TRACEPARENT]
  const named = names.map((name) => [name.toLowerCase(), incoming[name.toLowerCase()]] as const)
  const headers = Object.fromEntries(named.flatMap(([name, value]) => (value ? [[name, String(value)]] : [])))
  if (agents === undefined) return new RemoteAgent(agentId, headers)
  return await agentFor({ agentId, threadId: input.threadId, input, headers }, agents)
}

const threadUnknown = (threadId: string): HttpError =>
  new HttpError(404, 'THREAD_UNKNOWN', `There is no thread ${JSON.stringify(threadId)}.`)

/**
 * A browser's EventSource comes back to the very URL that it began with, and says in the header how far it has
 * come since: so the header goes before the query.
 */
const cursorOf = ({ headers, query }: Request): string | undefined => {
  const given = headers['last-event-id'] || query.after
  return given === undefined ? undefined : String(given)
}

const modeOf = (value: unknown): RunRequest['onConcurrentRun'] => {
  if (value === undefined) return undefined
  const mode = CONCURRENT_RUN_MODES.find((one) => one === value)
  if (mode !== undefined) return mode
  const modes = CONCURRENT_RUN_MODES.join(', ')
  throw new HttpError(400, 'INPUT_INVALID', `The query parameter "onConcurrentRun" must be one of ${modes}.`)
}

const flagOf = (value: unknown): boolean => {
  if (value === undefined || value === 'false' || value === '0') return false
  if (value === 'true' || value === '1' || value === '') return true
  throw new HttpError(400, 'INPUT_INVALID', 'The query parameter "follow" must be true or false.')
}

const stopMessage = (stopped: boolean | null, threadId: string, runId: string | undefined): string => {
  const thread = `thread ${JSON.stringify(threadId)}`
  if (stopped === true) return `The run of ${thread} was stopped.`
  if (stopped === null) return `The run of ${thread} was told to stop, but was not seen to end in time.`
  return runId === undefined
    ? `No run of ${thread} is going on.`
    : `Run ${JSON.stringify(runId)} of ${thread} is not going on.`
}
