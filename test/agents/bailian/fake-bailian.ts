import { randomUUID } from 'node:crypto'
import { ANSWER, type FakePlatform, type Script } from '../suite/agent-case.ts'
import type { Answer, FakeRequest } from '../suite/fake-server.ts'
import { errorBody, frame, lastPiece, nodePiece, piece } from './frame.ts'

export const API_KEY = 'sk-0123456789abcdef'
export const APP_ID = '5ccc140108fd4b2ea5e6101fbada7583'

export interface FakeBailian extends FakePlatform {
  /** Frames that take the place of the answer's. */
  script(frames: (sessionId: string) => string[]): void
  /** What is done with a session that it has forgotten: refused, or silently begun anew. */
  forget(how: 'refuses' | 'begins anew'): void
}

/**
 * A fake of DashScope's completion of applications, written from Alibaba Cloud Model Studio's documentation: the pages
 * "DashScope API reference" (of applications), "Call an agent application", "Call a workflow application" and "Error
 * codes". Not documented, and so a guess: that the key is looked at before the application and that before the body,
 * what another path is answered, and the error for a session that is gone.
 */
export const fakeBailian = (): FakeBailian => {
  let script: Script = 'answer'
  let scripted: ((sessionId: string) => string[]) | undefined
  let forgets: 'refuses' | 'begins anew' | undefined
  let asked = 0
  const conversations: (string | null)[] = []

  const complete = async ({ body }: FakeRequest, answer: Answer): Promise<void> => {
    asked += 1
    const { session_id: given = null } = body.input
    conversations.push(given)
    if (given !== null && forgets === 'refuses')
      return answer.json(
        errorBody('InvalidParameter', `session_id ${given} is expired or does not exist`),
        400,
      )
    const sessionId = given === null || forgets !== undefined ? randomUUID().replaceAll('-', '') : given
    if (scripted !== undefined) return answer.sse(scripted(sessionId))
    await play(script, sessionId, asked, answer)
  }

  return {
    conversations,
    stopped: [],
    play: (next) => {
      script = next
    },
    script: (frames) => {
      scripted = frames
    },
    forget: (how) => {
      forgets = how
    },
    handler: (request, answer) => {
      const refusal = refusalOf(request)
      if (refusal === undefined) return complete(request, answer)
      const [status, body] = refusal
      return answer.json(body, status)
    },
  }
}

const refusalOf = ({ method, path, headers, body }: FakeRequest): [number, object] | undefined => {
  const app = /^\/api\/v1\/apps\/([^/]+)\/completion$/.exec(path)?.[1]
  if (method !== 'POST' || app === undefined) return [404, errorBody('InvalidURL', 'Not found!')]
  if (headers.authorization !== `Bearer ${API_KEY}`)
    return [401, errorBody('InvalidApiKey', 'Invalid API-key provided.')]
  if (app !== APP_ID) return [403, errorBody('App.AccessDenied', 'App access denied.')]
  if (body?.input === undefined)
    return [400, errorBody('BadRequest.EmptyInput', 'Required input parameter missing from request.')]
  if (typeof body.input.prompt === 'string' || body.input.messages?.length > 0) return undefined
  return [
    400,
    errorBody('InvalidParameter', 'Either "prompt" or "messages" must exist and cannot both be none'),
  ]
}

const PIECES = ANSWER.match(/.{1,6}/g) ?? []

const play = async (script: Script, sessionId: string, asked: number, answer: Answer): Promise<void> => {
  const pieces = PIECES.map((text) => piece(text, sessionId))
  const whole = [...pieces, lastPiece(sessionId)]
  const throttled = () =>
    answer.json(
      errorBody('Throttling.RateQuota', 'Requests rate limit exceeded, please try again later.'),
      429,
      {
        'retry-after': '0',
      },
    )
  switch (script) {
    case 'answer':
      return answer.sse(whole)
    case 'slow':
    case 'late-stop':
      return answer.sse(
        Array.from({ length: 400 }, (_, at) => piece(`${at} `, sessionId)),
        { pauseMs: 50 },
      )
    case 'pings':
      return answer.sse(whole.flatMap((each) => [':ping', piece('', sessionId), 'event:ping\ndata:', each]))
    case 'repeated-answer':
      // A workflow's last frame: its End node has said all of it before.
      return answer.sse([
        ...PIECES.map((text) => nodePiece(['End', 'End_1'], text, { sessionId })),
        nodePiece(['End', 'End_1'], '', { sessionId, done: true }),
        lastPiece(sessionId, { text: ANSWER }),
      ])
    case 'rate-limited-once':
      return asked === 1 ? throttled() : answer.sse(whole)
    case 'rate-limited':
      return throttled()
    case 'cut':
      await answer.sse(pieces.slice(0, 2), { open: true })
      return answer.cut('id:3\nevent:result\ndata:{"output":{"text":"hal')
    case 'stream-error':
      return answer.sse([
        ...pieces.slice(0, 2),
        frame(
          errorBody('DataInspectionFailed', 'Output data may contain inappropriate content.'),
          'error',
          400,
        ),
      ])
    case 'unauthorized':
      return answer.json(errorBody('InvalidApiKey', `Invalid API-key provided: ${API_KEY}`), 401)
    case 'server-error':
      return answer.json(
        errorBody('InternalError', 'An internal error has occurred, please try again later.'),
        500,
      )
    case 'malformed':
      return answer.sse([...pieces.slice(0, 2), 'id:3\nevent:result\ndata:{"output":'])
    case 'no-terminal':
      return answer.sse(pieces)
  }
}
