import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { messageOf, RunnerError } from '../errors.ts'
import { FACTS } from '../fan-in/run-fact.ts'
import { withVariables } from './variables.ts'

const SECRET_BYTES_MIN = 24
const SECRET_BYTES_MAX = 64
const ENDPOINTS_MAX = 100

const count = z.number().int().positive()
const ms = count
const secret = z
  .string()
  .refine(
    isSecret,
    `must be "whsec_" and the base64 of ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} random bytes`,
  )

const endpointSchema = z.strictObject({
  /** Names it in logs and dead letters, and its place in the topic: under another id it begins anew. */
  id: z.string().regex(/^[A-Za-z0-9_-]{1,60}$/, 'must be 1 to 60 of A-Z, a-z, 0-9, "_" and "-"'),
  url: z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).refine(isWithoutUser, {
    message: 'must not hold a user or a password: the signature is what tells who sends',
  }),
  /** What signs: one, or several of which each makes a signature, for the time in which a receiver changes it. */
  secret: z.union([secret, z.array(secret).min(1).max(5)]),
  /** What is posted. @default what ends a run */
  facts: z.array(z.enum(FACTS)).min(1).default(['finished', 'failed', 'stopped', 'rejected']),
  /** Ids of the agents whose runs are posted. @default all */
  agents: z.array(z.string().min(1)).min(1).optional(),
  /** With the run's AG-UI events. @default false */
  includeEvents: z.boolean().default(false),
  /** For an answer. @default 10_000 */
  timeoutMs: ms.max(120_000).default(10_000),
  /** Attempts for one fact; then it goes to the dead letters. @default 8 */
  attemptsMax: count.max(100).default(8),
  /** Before the second attempt; doubled before each one more, less up to a half by chance. @default 1_000 */
  backoffMs: ms.default(1_000),
  /** @default 60_000 */
  backoffMsMax: ms.default(60_000),
  /** The most that a Retry-After is waited for. @default 300_000 */
  retryAfterMsMax: ms.default(300_000),
  /** Threads whose facts are posted at once. @default 10 */
  concurrency: count.max(1_000).default(10),
  /** Where an endpoint begins that has no place in the topic yet: with all that it holds, or with what comes from then on. @default false */
  fromBeginning: z.boolean().default(false),
})

const fileSchema = z
  .strictObject({
    /** Start of the endpoints' Kafka group.ids. @default '<prefix>.webhooks' */
    groupId: z.string().min(1).max(150).optional(),
    /** Kafka session.timeout.ms: how long what a dead process had waits for another. @default 10_000 */
    sessionTimeoutMs: ms.default(10_000),
    endpoints: z.array(endpointSchema).min(1).max(ENDPOINTS_MAX),
  })
  .superRefine(({ endpoints }, { addIssue }) => {
    const seen = new Set<string>()
    for (const [at, { id }] of endpoints.entries()) {
      if (seen.has(id))
        addIssue({ code: 'custom', path: ['endpoints', at, 'id'], message: `"${id}" is there twice` })
      seen.add(id)
    }
  })

export type WebhookEndpoint = z.output<typeof endpointSchema>
export type WebhookFile = z.output<typeof fileSchema>

/**
 * YAML or JSON; `${NAME}` in a text is the environment variable.
 * @throws RunnerError CONFIG_INVALID, which names the file and the field, and never says what stands there
 */
export const readWebhookFile = async (path: string, env: NodeJS.ProcessEnv): Promise<WebhookFile> => {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw invalid(path, `it cannot be read: ${messageOf(error)}`)
  }
  return parseWebhookFile(path, text, env)
}

/** @throws RunnerError CONFIG_INVALID */
export const parseWebhookFile = async (
  path: string,
  text: string,
  env: NodeJS.ProcessEnv,
): Promise<WebhookFile> => {
  const { value, missing } = withVariables(await contentOf(path, text), env)
  if (missing.length > 0) {
    const problems = missing.map(({ at, name }) => `${at}: the environment variable ${name} is not set`)
    throw invalid(path, problems.join('; '))
  }
  const result = fileSchema.safeParse(value)
  if (result.success) return result.data
  const problems = result.error.issues.map(({ path: at, message }) =>
    [at.join('.'), message].filter((part) => part !== '').join(': '),
  )
  throw invalid(path, problems.join('; '))
}

/** JSON is YAML too. What is wrong is told by its place alone: a parser would quote the line, and a secret may be in it. */
const contentOf = async (path: string, text: string): Promise<unknown> => {
  const { LineCounter, parseDocument } = await import('yaml')
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { prettyErrors: false, lineCounter })
  const [error] = document.errors
  if (error === undefined) return document.toJS()
  const { line, col } = lineCounter.linePos(error.pos[0])
  throw invalid(path, `line ${line}, column ${col}: it is not YAML (${error.code})`)
}

function isSecret(text: string): boolean {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text)?.[1]
  if (encoded === undefined || encoded.length % 4 !== 0) return false
  const { length } = Buffer.from(encoded, 'base64')
  return length >= SECRET_BYTES_MIN && length <= SECRET_BYTES_MAX
}

function isWithoutUser(text: string): boolean {
  const { username, password } = new URL(text)
  return username === '' && password === ''
}

const invalid = (path: string, problem: string): RunnerError =>
  new RunnerError('CONFIG_INVALID', `The webhooks file ${path} is invalid. ${problem}.`)
