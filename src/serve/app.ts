import express, { type Express, type RequestHandler } from 'express'
import { BODY_BYTES_MAX, createAgentRouter } from '../http/agent-router.ts'
import { errorHandler, HttpError } from '../http/http-error.ts'
import { type Logger, stderrLogger } from '../logger.ts'
import type { KafkaAgentRunner } from '../runner/kafka-agent-runner.ts'
import { COPILOTKIT_PATH } from './copilotkit.ts'
import { createHealth } from './health.ts'
import { originGuard } from './origin-guard.ts'
import { createThreadList } from './thread-list.ts'

export interface AppOptions {
  runner: KafkaAgentRunner
  /** Where it is installed. */
  copilotKit?: RequestHandler
  forwardHeaders?: string[]
  allowedOrigins?: string[]
  logger?: Logger
}

/** All that `kar serve` answers. */
export const createApp = (options: AppOptions): Express => {
  const { runner, copilotKit, forwardHeaders, allowedOrigins = [], logger = stderrLogger } = options
  const app = express()
  app.disable('x-powered-by')
  app.use(createHealth(runner))
  app.use(originGuard(allowedOrigins))
  if (runner.viewStatus() !== undefined) app.use(createThreadList(runner, COPILOTKIT_PATH))
  app.use(createAgentRouter({ runner, forwardHeaders, logger }))
  if (copilotKit !== undefined) app.use(COPILOTKIT_PATH, bounded)
  if (copilotKit !== undefined) app.use(copilotKit)
  app.use((request) => {
    throw new HttpError(
      404,
      'NOT_FOUND',
      `There is no ${request.method} ${request.path} here. There are POST /agents/:agentId/run, ` +
        `GET /threads/:threadId, GET /threads/:threadId/events, POST /threads/:threadId/stop, /healthz and /readyz` +
        `${runner.viewStatus() === undefined ? '' : ', GET /threads'}` +
        `${copilotKit === undefined ? '' : `, and CopilotKit's at ${COPILOTKIT_PATH}`}.`,
    )
  })
  app.use(errorHandler(logger))
  return app
}

/** CopilotKit reads bodies of any length, so they are read for it. Not uploads of sound for transcription. */
const bounded = express.raw({
  limit: BODY_BYTES_MAX,
  type: (request) => !(request.headers['content-type'] ?? '').startsWith('multipart/'),
})
