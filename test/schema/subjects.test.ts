import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  type AvroRecord,
  avroSchema,
  RECORD_KINDS,
  type RecordKind,
  subjectOf,
} from '../../src/schema/avro-schemas.ts'
import { createRegistryApi } from '../../src/schema/registry-api.ts'
import { COMPATIBILITY, checkSubjects, registerSubjects } from '../../src/schema/subjects.ts'
import { cleanEnv, run } from '../cli/kar.ts'
import { useSharedRegistry } from '../support/shared-registry.ts'

const registry = useSharedRegistry()

const useSubjects = () => {
  const prefix = `subjects-${randomUUID().slice(0, 8)}`
  const api = createRegistryApi(registry)
  const register = async (kind: RecordKind, schema: object) => {
    const subject = subjectOf(kind, prefix)
    const answer = await api.register(subject, schema)
    expect(answer, JSON.stringify(answer)).toBeTypeOf('number')
    await api.setCompatibility(subject, COMPATIBILITY)
  }
  return {
    prefix,
    api,
    register,
    kar: (...args: string[]) =>
      run(['schemas', ...args], cleanEnv({ SCHEMA_REGISTRY_URL: registry.url, KAR_PREFIX: prefix })),
  }
}

const changed = (kind: RecordKind, change: (schema: AvroRecord) => void): AvroRecord => {
  const schema = structuredClone(avroSchema(kind))
  change(schema)
  return schema
}

const RELEASED = 'schemas/released'

describe('the gate: schemas of this version go with all that were released', () => {
  const versions = readdirSync(RELEASED).toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))

  it.each(RECORD_KINDS)('%s', async (kind) => {
    expect(versions[0]).toBe('0.1.0')
    const { api, register, prefix } = useSubjects()
    for (const version of versions) {
      await register(kind, JSON.parse(readFileSync(`${RELEASED}/${version}/${kind}.avsc`, 'utf8')))
    }
    const subject = subjectOf(kind, prefix)
    expect(await api.compatibility(subject)).toBe('BACKWARD_TRANSITIVE')
    expect(await api.incompatibilities(subject, avroSchema(kind))).toEqual([])
    expect(await api.register(subject, avroSchema(kind))).toBeTypeOf('number')
  })

  it.each([
    ['a new field that has to be there', (schema) => schema.fields.push({ name: 'must', type: 'string' })],
    [
      'another type of a field',
      (schema) => {
        schema.fields.find(({ name }) => name === 'time')!.type = 'string'
      },
    ],
    [
      'a value fewer',
      (schema) => {
        const { type } = schema.fields.find(({ name }) => name === 'fact')!
        // Without a default, what is gone cannot be read.
        Object.assign(type, { symbols: ['accepted'], default: undefined })
      },
    ],
  ] as [string, (schema: AvroRecord) => void][])('the registry refuses %s', async (_, change) => {
    const { api, register, prefix } = useSubjects()
    const subject = subjectOf('run-fact', prefix)
    await register('run-fact', avroSchema('run-fact'))
    const broken = changed('run-fact', change)
    expect(await api.incompatibilities(subject, broken)).toEqual([expect.stringMatching(/\w/)])
    expect(await api.register(subject, broken)).toEqual({ refused: expect.stringMatching(/ncompatible/) })
  })

  it('the registry takes a new field that may be left out', async () => {
    const { api, register, prefix } = useSubjects()
    await register('run-fact', avroSchema('run-fact'))
    const more = changed('run-fact', ({ fields }) =>
      fields.push({ name: 'may', type: ['null', 'string'], default: null }),
    )
    expect(await api.register(subjectOf('run-fact', prefix), more)).toBeTypeOf('number')
  })
})

describe('registerSubjects', () => {
  it('registers what is not there, BACKWARD_TRANSITIVE, and may be repeated', async () => {
    const { api, prefix } = useSubjects()
    expect((await checkSubjects(api, prefix)).map(({ state }) => state)).toEqual(Array(5).fill('new'))
    const registered = await registerSubjects(api, prefix)
    expect(registered.map(({ subject }) => subject)).toEqual(
      ['commands', 'control', 'runs', 'threads', 'workers'].map((topic) => `${prefix}.${topic}-value`),
    )
    for (const each of registered) {
      expect(each).toMatchObject({
        state: 'registered',
        version: 1,
        compatibility: COMPATIBILITY,
        done: true,
      })
    }
    const again = await registerSubjects(api, prefix)
    expect(again).toEqual(registered.map(({ done: _, ...rest }) => rest))
    expect(await checkSubjects(api, prefix)).toEqual(again)
  })

  it('finds what another tool registered, laid out otherwise', async () => {
    const { api, prefix } = useSubjects()
    const subject = subjectOf('worker', prefix)
    const text = readFileSync('schemas/avro/worker.avsc', 'utf8')
    const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' }
    const body = JSON.stringify({ schema: text })
    const answer = await fetch(`${registry.url}/subjects/${subject}/versions`, {
      method: 'POST',
      headers,
      body,
    })
    const { id } = (await answer.json()) as { id: number }
    expect(await api.find(subject, avroSchema('worker'))).toEqual({ id, version: 1 })
    expect(
      await api.find(
        subject,
        changed('worker', ({ fields }) => fields.pop()),
      ),
    ).toBeUndefined()
  })

  it('keeps the compatibility that a subject has', async () => {
    const { api, prefix } = useSubjects()
    const subject = subjectOf('worker', prefix)
    await api.register(
      subject,
      changed('worker', ({ fields }) => fields.splice(4, 1)),
    )
    await api.setCompatibility(subject, 'FULL')
    const registered = await registerSubjects(api, prefix)
    expect(registered.find(({ kind }) => kind === 'worker')).toMatchObject({
      state: 'registered',
      version: 2,
      compatibility: 'FULL',
    })
  })

  it('registers nothing at all where the registry would refuse one', async () => {
    const { api, prefix, register } = useSubjects()
    // As if this version had made a field of what was none.
    await register(
      'worker',
      changed('worker', ({ fields }) => fields.shift()),
    )
    await expect(registerSubjects(api, prefix)).rejects.toMatchObject({
      code: 'SCHEMA_INCOMPATIBLE',
      message: expect.stringContaining(subjectOf('worker', prefix)),
    })
    const states = (await checkSubjects(api, prefix)).map(({ state }) => state)
    expect(states).toEqual(['new', 'new', 'new', 'new', 'incompatible'])
  })
})

describe('kar schemas', () => {
  it('check says what is to be done, register does it, and check is content', async () => {
    const { kar, prefix } = useSubjects()
    const before = await kar('check')
    expect(before.code).toBe(1)
    expect(before.stdout).toMatch(/^SUBJECT +STATE +VERSION +ID +COMPATIBILITY\n/)
    expect(before.stdout.match(/not registered/g)).toHaveLength(5)
    expect(before.stderr).toContain('schemas register')

    const register = await kar('register')
    expect(register.code).toBe(0)
    expect(register.stdout.match(/registered now/g)).toHaveLength(5)
    expect(register.stderr).toContain('Registered 5 schemas')

    const after = await kar('check', '--json')
    expect(after.code).toBe(0)
    const subjects = JSON.parse(after.stdout) as { subject: string; state: string; id: number }[]
    expect(subjects.map(({ state }) => state)).toEqual(Array(5).fill('registered'))
    expect(subjects[0]).toMatchObject({ subject: `${prefix}.commands-value`, id: expect.any(Number) })
  })

  it('exits with 2 and the registry’s reasons for what it would refuse', async () => {
    const { kar, prefix, register } = useSubjects()
    await register(
      'worker',
      changed('worker', ({ fields }) => fields.shift()),
    )
    for (const command of ['check', 'register']) {
      const { code, stderr } = await kar(command)
      expect(code).toBe(2)
      expect(stderr).toMatch(/\[SCHEMA_INCOMPATIBLE\]/)
      expect(stderr).toContain(`"${prefix}.workers-value"`)
      expect(stderr).toContain('version')
    }
    expect((await kar('check')).stdout).toContain('INCOMPATIBLE')
  })

  it('takes the prefix as an option', async () => {
    const { kar, prefix } = useSubjects()
    expect((await kar('register', '--prefix', `${prefix}-other`)).code).toBe(0)
    expect((await kar('check')).code).toBe(1)
    expect((await kar('check', '--prefix', `${prefix}-other`)).code).toBe(0)
  })

  it('says which registry does not answer, and that none is known', async () => {
    const env = { SCHEMA_REGISTRY_URL: 'http://someone:secret@127.0.0.1:1' }
    const [away, none] = await Promise.all([
      run(['schemas', 'check'], cleanEnv(env)),
      run(['schemas', 'check'], cleanEnv({ SCHEMA_REGISTRY_URL: '' })),
    ])
    expect([away.code, none.code]).toEqual([3, 2])
    expect(away.stderr).toMatch(/^kar: .*http:\/\/127\.0\.0\.1:1 did not answer.*\[REGISTRY_UNAVAILABLE\]\n$/)
    expect(away.stderr).not.toContain('secret')
    expect(none.stderr).toContain('SCHEMA_REGISTRY_URL')
  })
})
