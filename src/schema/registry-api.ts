import { setTimeout as pause } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { SchemaRegistryOptions } from '../config.ts'
import { type RegistryAddress, registryAddress, unavailable } from './registry-address.ts'

/** A schema as a registry keeps it. */
export interface Registered {
  id: number
  version: number
}

/** What is asked of a registry, by Confluent's REST API. Each call @throws RunnerError REGISTRY_UNAVAILABLE */
export interface RegistryApi {
  address: RegistryAddress
  /** This very schema under the subject, however it is laid out; undefined when the subject or the schema is not there. */
  find(subject: string, schema: object): Promise<Registered | undefined>
  hasSubject(subject: string): Promise<boolean>
  hasSchema(id: number): Promise<boolean>
  /** Why the schema does not go with those that the subject has, by its compatibility; empty when it does. */
  incompatibilities(subject: string, schema: object): Promise<string[]>
  /** The subject's compatibility, else the registry's. */
  compatibility(subject: string): Promise<string>
  setCompatibility(subject: string, level: string): Promise<void>
  /** Its id, or why the registry refused it. */
  register(subject: string, schema: object): Promise<number | { refused: string }>
}

/** Of one request: a registry that hangs must not hold up a start for ever. */
export const REQUEST_MS_MAX = 5_000
const ATTEMPTS = 4
const FIRST_PAUSE_MS = 100

/** The latest ones of a subject, among which a schema that is laid out otherwise is looked for. */
const VERSIONS_MAX = 20

const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json'
/** Codes of Confluent's API: no such subject, version, schema; no compatibility of the subject's own. */
const MISSING = [40401, 40402, 40403, 40408]

interface Answer {
  status: number
  body: Record<string, unknown>
}

export const createRegistryApi = (options: SchemaRegistryOptions): RegistryApi => {
  const address = registryAddress(options)
  const ask = (method: string, path: string, body?: object) => answerOf(address, method, path, body)
  const at = (subject: string): string => `/subjects/${encodeURIComponent(subject)}`
  const has = async (path: string): Promise<boolean> => {
    const answer = await ask('GET', path)
    if (isMissing(answer)) return false
    expectOk(address, answer)
    return true
  }
  /** Some registries compare the text: what another tool registered may be the same, with other white space. */
  const sameIn = async (subject: string, schema: object): Promise<Registered | undefined> => {
    const answer = await ask('GET', `${at(subject)}/versions`)
    if (isMissing(answer)) return undefined
    const versions = expectOk(address, answer).body as unknown as number[]
    for (const version of versions.toReversed().slice(0, VERSIONS_MAX)) {
      const { body } = expectOk(address, await ask('GET', `${at(subject)}/versions/${version}`))
      const same = isDeepStrictEqual(parse(String(body.schema)), plain(schema))
      if (same) return { id: Number(body.id), version }
    }
    return undefined
  }

  return {
    address,
    find: async (subject, schema) => {
      const answer = await ask('POST', at(subject), bodyOf(schema))
      if (isMissing(answer)) return sameIn(subject, schema)
      const { id, version } = expectOk(address, answer).body
      return { id: Number(id), version: Number(version) }
    },
    hasSubject: (subject) => has(`${at(subject)}/versions`),
    hasSchema: (id) => has(`/schemas/ids/${id}`),
    incompatibilities: async (subject, schema) => {
      const path = `/compatibility${at(subject)}/versions?verbose=true`
      const { body } = expectOk(address, await ask('POST', path, bodyOf(schema)))
      return body.is_compatible === true ? [] : reasonsOf(body)
    },
    compatibility: async (subject) => {
      const own = await ask('GET', `/config/${encodeURIComponent(subject)}`)
      const { body } = expectOk(address, isMissing(own) ? await ask('GET', '/config') : own)
      return String(body.compatibilityLevel).toUpperCase()
    },
    setCompatibility: async (subject, level) => {
      expectOk(address, await ask('PUT', `/config/${encodeURIComponent(subject)}`, { compatibility: level }))
    },
    register: async (subject, schema) => {
      const answer = await ask('POST', `${at(subject)}/versions`, bodyOf(schema))
      // 422: the registry takes it for no schema at all.
      if (answer.status === 409 || answer.status === 422) return { refused: String(answer.body.message) }
      return Number(expectOk(address, answer).body.id)
    },
  }
}

const plain = (schema: object): unknown => JSON.parse(JSON.stringify(schema))

const bodyOf = (schema: object) => ({ schema: JSON.stringify(schema) })

const isMissing = ({ status, body }: Answer): boolean =>
  status === 404 && MISSING.includes(Number(body.error_code))

const expectOk = (address: RegistryAddress, answer: Answer): Answer => {
  if (answer.status < 300) return answer
  throw unavailable(
    address,
    Object.assign(new Error(String(answer.body.message ?? 'no reason given')), { status: answer.status }),
  )
}

/** Confluent's registry says it in `messages`, Apicurio in `reason`. */
const reasonsOf = ({ messages, reason }: Record<string, unknown>): string[] => {
  if (Array.isArray(messages) && messages.length > 0) return messages.map(String)
  return [typeof reason === 'string' ? reason : 'the registry gives no reason']
}

/** The answer; tried again a few times where there is none, or the registry is not well. */
const answerOf = async (
  address: RegistryAddress,
  method: string,
  path: string,
  body?: object,
): Promise<Answer> => {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await request(address, method, path, body).catch((error: unknown) => {
      if (attempt === ATTEMPTS) throw unavailable(address, error)
      return undefined
    })
    if (answer !== undefined && (answer.status < 500 || attempt === ATTEMPTS)) return answer
    await pause(FIRST_PAUSE_MS * 2 ** (attempt - 1))
  }
}

const request = async (
  { url, auth }: RegistryAddress,
  method: string,
  path: string,
  body?: object,
): Promise<Answer> => {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      accept: 'application/json',
      ...(auth && {
        authorization: `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`,
      }),
      ...(body && { 'content-type': CONTENT_TYPE }),
    },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(REQUEST_MS_MAX),
  })
  const text = await response.text()
  const parsed = parse(text)
  if (parsed !== undefined) return { status: response.status, body: parsed }
  if (response.ok) throw new Error(`it answered what is no JSON: ${text.slice(0, 100)}`)
  return { status: response.status, body: { message: text.slice(0, 100) } }
}

const parse = (text: string): Record<string, unknown> | undefined => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
