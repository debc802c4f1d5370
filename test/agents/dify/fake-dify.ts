import { randomUUID } from 'node:crypto'
import type { DifyFrame } from '../../../src/agents/dify/frame.ts'
import { sleep } from '../../../src/sleep.ts'
import { ANSWER, type FakePlatform, type Script } from '../suite/agent-case.ts'
import type { Answer, FakeRequest, Handler } from '../suite/fake-server.ts'

export const KEY = 'app-FaKeSecretOfDify0123456789'

interface Refusal {
  status: number
  code: string
  message: string
  /** Of which call. @default the next one */
  path?: string
}

/** What is done for one form. */
interface FakeForm {
  submitted: unknown[]
}

const PING = 'event: ping'
const RUN_PATHS = new Set(['/chat-messages', '/workflows/run', '/completion-messages'])
const STOP = /^\/(?:chat-messages|completion-messages|workflows\/tasks)\/([^/]+)\/stop$/
const FORM = /^\/form\/human_input\/([^/]+)$/
const EVENTS = /^\/workflow\/([^/]+)\/events$/
const DETAIL = /^\/workflows\/run\/([^/]+)$/

/**
 * A fake of Dify's Service API, written from its documentation: guides "SSE Streaming", "Errors & Rate Limits",
 * "Human Input Flow", "End User Identity", and the reference pages of the calls. As Dify, it tells of errors in a
 * stream under HTTP 200, keeps a conversation for one user alone, takes a form once, and gives a new user's stop or
 * events nothing. Its /v1 is the address itself.
 */
export class FakeDify implements FakePlatform {
  conversations: (string | null)[] = []
  stopped: string[] = []
  /** Streams for the next runs, before those of the script. */
  streams: DifyFrame[][] = []
  /** Streams of workflows that go on. */
  resumed: DifyFrame[][] = []
  refusals: Refusal[] = []
  info: unknown = { name: 'Moon app', description: '', tags: [], mode: 'chat', author_name: 'Dify Team' }
  parameters: unknown = { user_input_form: [{ 'text-input': { variable: 'city', required: true } }] }
  readonly forms = new Map<string, FakeForm>()
  /** Of a run that was looked up. */
  status = 'succeeded'
  readonly #users = new Map<string, string>()
  #script: Script = 'answer'
  #limited = false

  play(script: Script): void {
    this.#script = script
    this.#limited = false
  }

  /** Forgets all conversations. */
  forget(): void {
    this.#users.clear()
  }

  readonly handler: Handler = async (request, answer) => {
    const { path } = request
    if (this.#refused(request, answer)) return
    if (RUN_PATHS.has(path)) return await this.#run(request, answer)
    const [, task] = STOP.exec(path) ?? []
    if (task !== undefined) return await this.#stop(task, request, answer)
    const [, token] = FORM.exec(path) ?? []
    if (token !== undefined) return this.#submit(token, request, answer)
    if (EVENTS.test(path)) return await answer.sse([PING, ...asData(this.resumed.shift() ?? [])])
    if (DETAIL.test(path)) return answer.json({ id: DETAIL.exec(path)?.[1], status: this.status })
    if (path === '/files/upload') return answer.json({ id: randomUUID(), name: 'x' }, 201)
    if (path === '/info') return answer.json(this.info)
    if (path === '/parameters') return answer.json(this.parameters)
    return answer.text('<html>404 Not Found</html>', 404)
  }

  #refused({ path, headers }: FakeRequest, answer: Answer): boolean {
    if (headers.authorization !== `Bearer ${KEY}` || this.#script === 'unauthorized')
      return refuse(answer, {
        status: 401,
        code: 'unauthorized',
        message: `Access token is invalid: ${headers.authorization}`,
      })
    const at = this.refusals.findIndex((refusal) => refusal.path === undefined || refusal.path === path)
    const [refusal] = at === -1 ? [] : this.refusals.splice(at, 1)
    return refusal !== undefined && refuse(answer, refusal)
  }

  async #run(request: FakeRequest, answer: Answer): Promise<void> {
    const { user, conversation_id } = request.body
    if (typeof user !== 'string')
      return void refuse(answer, {
        status: 400,
        code: 'invalid_param',
        message: 'Arg user must be provided.',
      })
    if (conversation_id && this.#users.get(conversation_id) !== user)
      return void refuse(answer, { status: 404, code: 'not_found', message: 'Conversation Not Exists.' })
    if (this.#script === 'rate-limited' || (this.#script === 'rate-limited-once' && !this.#limited)) {
      this.#limited = true
      return answer.json(TOO_MANY, 429, { 'retry-after': '0' })
    }
    if (this.#script === 'server-error') return void refuse(answer, FAILED)
    this.conversations.push(conversation_id ?? null)
    const conversation = conversation_id ?? randomUUID()
    this.#users.set(conversation, user)
    const frames = this.streams.shift()
    if (frames !== undefined) return await answer.sse(asData(frames))
    await this.#play(request.path, { conversation, task: randomUUID(), message: randomUUID() }, answer)
  }

  async #play(path: string, ids: Ids, answer: Answer): Promise<void> {
    const script = this.#script
    const pieces = piecesOf(path, ids)
    const end = endOf(path, ids)
    if (script === 'slow' || script === 'late-stop') {
      const slow = Array.from({ length: 400 }, (_, at) => pieces[at % pieces.length]!)
      return await answer.sse([...slow, ...end], { pauseMs: 50 })
    }
    if (script === 'pings') return await answer.sse([...pieces, ...end].flatMap((frame) => [PING, frame]))
    // A New Agent app does so; the others have no frame for it.
    if (script === 'repeated-answer')
      return await answer.sse([
        ...pieces.map((piece) => piece.replace('"message"', '"agent_message"')),
        data({ ...baseOf(ids), event: 'message', answer: ANSWER }),
        ...end,
      ])
    if (script === 'stream-error') {
      const error = {
        ...baseOf(ids),
        event: 'error',
        status: 400,
        code: 'completion_request_error',
        message: 'No.',
      }
      // What may follow it: the stream stays open.
      return await answer.sse([pieces[0]!, data(error), PING], { open: true })
    }
    if (script === 'malformed') return await answer.sse([pieces[0]!, 'data: {"event": "mess'])
    if (script === 'no-terminal') return await answer.sse(pieces)
    if (script === 'cut') {
      await answer.sse(pieces.slice(0, 2), { open: true })
      await sleep(20)
      return await answer.cut('data: {"event": "mess')
    }
    await answer.sse([...pieces, ...end])
  }

  async #stop(task: string, { body }: FakeRequest, answer: Answer): Promise<void> {
    if (typeof body.user === 'string') this.stopped.push(task)
    if (this.#script === 'late-stop') await sleep(3_000)
    answer.json({ result: 'success' })
  }

  #submit(token: string, { body }: FakeRequest, answer: Answer): void {
    const form = this.forms.get(token)
    if (form === undefined)
      return void refuse(answer, { status: 404, code: 'not_found', message: 'Form not found' })
    if (form.submitted.length > 0)
      return void refuse(answer, {
        status: 412,
        code: 'human_input_form_submitted',
        message: 'This form has already been submitted by another user, form_id=1',
      })
    form.submitted.push(body)
    answer.json({})
  }
}

const TOO_MANY = {
  status: 429,
  code: 'too_many_requests',
  message: 'Too many requests. Please try again later.',
}
const FAILED = { status: 500, code: 'internal_server_error', message: 'Internal Server Error.' }

const refuse = (answer: Answer, { path: _, ...refusal }: Refusal): true => {
  answer.json(refusal, refusal.status, refusal.status === 429 ? { 'retry-after': '0' } : {})
  return true
}

interface Ids {
  conversation: string
  task: string
  message: string
}

const baseOf = ({ conversation, task, message }: Ids) => ({
  task_id: task,
  message_id: message,
  conversation_id: conversation,
  created_at: 1_679_586_595,
})

const data = (frame: object): string => `data: ${JSON.stringify(frame)}`

const asData = (frames: readonly object[]): string[] => frames.map(data)

const piecesOf = (path: string, ids: Ids): string[] =>
  (ANSWER.match(/.{1,6}/g) ?? []).map((piece) =>
    path === '/workflows/run'
      ? data({ event: 'text_chunk', task_id: ids.task, workflow_run_id: 'w', data: { text: piece } })
      : data({ ...baseOf(ids), event: 'message', answer: piece }),
  )

const endOf = (path: string, ids: Ids): string[] => {
  const usage = { prompt_tokens: 1033, completion_tokens: 128, total_tokens: 1161 }
  const status = { status: 'succeeded', outputs: { astrbot_wf_output: ANSWER }, total_tokens: 1161 }
  return path === '/workflows/run'
    ? [data({ event: 'workflow_finished', task_id: ids.task, workflow_run_id: 'w', data: status })]
    : [data({ ...baseOf(ids), event: 'message_end', metadata: { usage } })]
}
