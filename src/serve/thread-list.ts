import express, { type Request, type Response, type Router } from 'express'
import type { KafkaAgentRunner } from '../runner/kafka-agent-runner.ts'
import { localThread } from '../view/local-threads.ts'
import type { ViewStatus } from '../view/thread-page.ts'
import type { ThreadQuery } from '../view/thread-query.ts'

/** What asks for a page of CopilotKit's list. Its own endpoint has none, and gives all threads at once. */
const PAGE_FIELDS = ['limit', 'cursor', 'from', 'to']

/**
 * `/threads`, pages of the same under CopilotKit's path, and on all that CopilotKit answers there how far the
 * list had come: its envelope has no place for it.
 */
export const createThreadList = (
  runner: Pick<KafkaAgentRunner, 'threads' | 'viewStatus'>,
  copilotKitPath: string,
): Router => {
  const router = express.Router()
  router.get('/threads', async (request: Request, response: Response) => {
    const page = await runner.threads(request.query as ThreadQuery)
    tell(response, page.view)
    response.json(page)
  })
  router.use(`${copilotKitPath}/threads`, (_request, response, next) => {
    tell(response, runner.viewStatus())
    next()
  })
  router.get(`${copilotKitPath}/threads`, async (request: Request, response: Response, next) => {
    const asked = Object.entries(request.query)
    if (!asked.some(([name]) => PAGE_FIELDS.includes(name))) {
      next()
      return
    }
    // What else CopilotKit's clients ask for is about its own platform.
    const own = asked.filter(([name]) => name === 'agentId' || PAGE_FIELDS.includes(name))
    const { threads, nextCursor } = await runner.threads(Object.fromEntries(own) as ThreadQuery)
    response.json({ threads: threads.map(localThread), nextCursor })
  })
  return router
}

const tell = (response: Response, status: ViewStatus | undefined): void => {
  if (status === undefined) return
  response.set('kar-view-caught-up', String(status.caughtUp))
  response.set('kar-view-lag', String(status.lag))
}
