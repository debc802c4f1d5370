import { z } from 'zod'
import { poolName } from '../../config.ts'
import { type FieldSchema, jsonSchemaOf } from './known-fields.ts'
import { AGENT_TYPES } from './types.ts'

/** An agent's or a provider's id: part of addresses and of commands. */
export const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/
export const ID_PROBLEM =
  'an id has to be 1 to 100 of A-Z, a-z, 0-9, ".", "_" and "-", with a letter or a digit first'

const TYPE_NAMES = Object.keys(AGENT_TYPES) as [string, ...string[]]

/** What every agent has, whatever its type. */
export const commonSchema = z.strictObject({
  type: z.enum(TYPE_NAMES).describe('What executes its runs.'),
  enabled: z.boolean().default(true).describe('Whether it is there at all. Default: true'),
  default: z
    .boolean()
    .default(false)
    .describe(
      'Whether clients get it that name no agent: it is served as "default" too. One at most. Default: false',
    ),
  pool: poolName
    .optional()
    .describe(
      'The pool of workers that execute it: "kar worker --pool <name>". Default: workers without a pool',
    ),
  on_worker_lost: z
    .enum(['fail', 'restart'])
    .default('fail')
    .describe(
      'What becomes of its run when the worker is lost: it fails with WORKER_LOST, or the agent is run again, which ' +
        'has to bear that it may act twice. Default: fail',
    ),
  description: z.string().max(2_000).optional().describe('For people and for clients that list the agents.'),
})

export type CommonSettings = z.output<typeof commonSchema>

const COMMON = jsonSchemaOf(commonSchema)

/** Whether a field belongs to every agent, and not to its type. */
export const isCommon = (field: string): boolean => Object.hasOwn(commonSchema.shape, field)

/** All fields of an agent of a type; undefined where there is no such type. */
export const entrySchemaOf = (type: unknown): FieldSchema | undefined => {
  const known = typeof type === 'string' && Object.hasOwn(AGENT_TYPES, type) ? AGENT_TYPES[type] : undefined
  if (known === undefined) return undefined
  const own = jsonSchemaOf(known.settings)
  return { ...own, properties: { ...COMMON.properties, ...own.properties } }
}
