import { RunnerError } from '../errors.ts'
import { avroSchema, RECORD_KINDS, type RecordKind, subjectOf } from './avro-schemas.ts'
import type { RegistryApi } from './registry-api.ts'

/** What a later schema has to be: one by which the records of all earlier ones can be read. */
export const COMPATIBILITY = 'BACKWARD_TRANSITIVE'

/**
 * How a schema of this version stands in a registry:
 * - `registered`: it is there;
 * - `new`: its subject is not there;
 * - `compatible`: the subject has others, and would take it;
 * - `incompatible`: the subject has others, and would not.
 */
export type SubjectState = 'registered' | 'new' | 'compatible' | 'incompatible'

export interface Subject {
  kind: RecordKind
  subject: string
  state: SubjectState
  /** Of this schema, once it is registered. */
  id?: number
  version?: number
  /** What the registry demands of the subject's next schema; for a new subject, what it would get. */
  compatibility: string
  /** Why it is incompatible, in the registry's words. */
  reasons: string[]
  /** It was registered by this call. */
  done?: true
}

/** Compares the schemas of this version with the registry's. Changes nothing. @throws RunnerError REGISTRY_UNAVAILABLE */
export const checkSubjects = (api: RegistryApi, prefix: string): Promise<Subject[]> =>
  Promise.all(RECORD_KINDS.map((kind) => checkSubject(api, kind, subjectOf(kind, prefix))))

const checkSubject = async (api: RegistryApi, kind: RecordKind, subject: string): Promise<Subject> => {
  const schema = avroSchema(kind)
  if (!(await api.hasSubject(subject))) {
    return { kind, subject, state: 'new', compatibility: COMPATIBILITY, reasons: [] }
  }
  const [found, compatibility] = await Promise.all([api.find(subject, schema), api.compatibility(subject)])
  if (found !== undefined) {
    return { kind, subject, state: 'registered', ...found, compatibility, reasons: [] }
  }
  const reasons = await api.incompatibilities(subject, schema)
  const state = reasons.length === 0 ? 'compatible' : 'incompatible'
  return { kind, subject, state, compatibility, reasons }
}

/**
 * Registers what is not registered, and nothing where one of them is incompatible. A new subject becomes
 * BACKWARD_TRANSITIVE; what an existing one demands stays as it is. May be repeated.
 * @throws RunnerError SCHEMA_INCOMPATIBLE, REGISTRY_UNAVAILABLE
 */
export const registerSubjects = async (api: RegistryApi, prefix: string): Promise<Subject[]> => {
  const subjects = await checkSubjects(api, prefix)
  const refused = subjects.filter(({ state }) => state === 'incompatible')
  if (refused.length > 0) throw incompatible(refused)
  const registered: Subject[] = []
  // One after the other: where one fails, those before it stand, and a repetition goes on there.
  for (const subject of subjects) registered.push(await registerSubject(api, subject))
  return registered
}

const registerSubject = async (api: RegistryApi, found: Subject): Promise<Subject> => {
  if (found.state === 'registered') return found
  const { kind, subject } = found
  const answer = await api.register(subject, avroSchema(kind))
  if (typeof answer === 'object') throw incompatible([{ ...found, reasons: [answer.refused] }])
  // Behind the schema: a registry may know no compatibility of a subject that it does not have.
  if (found.state === 'new') await api.setCompatibility(subject, COMPATIBILITY)
  const [version, compatibility] = await Promise.all([
    api.find(subject, avroSchema(kind)),
    api.compatibility(subject),
  ])
  return { ...found, state: 'registered', id: answer, ...version, compatibility, done: true }
}

export const incompatible = (subjects: readonly Subject[]): RunnerError => {
  const each = subjects.map(({ subject, reasons }) => `"${subject}" (${reasons.join('; ')})`)
  return new RunnerError(
    'SCHEMA_INCOMPATIBLE',
    `The registry does not take the schemas of this version for ${each.join(', ')}: they do not go with those ` +
      'that are there. Nothing was registered for these subjects. Use another prefix, or a version whose schemas go with them.',
  )
}

/** Weaker than what later versions of this library keep to, so that something else may break it. */
export const isWeak = ({ compatibility }: Subject): boolean =>
  !['BACKWARD_TRANSITIVE', 'FULL_TRANSITIVE'].includes(compatibility)
