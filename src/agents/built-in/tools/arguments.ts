import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv'
import { messageOf } from '../../../errors.ts'

/** Arguments that fit, or what is wrong with them. */
export type Checked = { args: unknown } | { problem: string }
export type CheckArguments = (args: unknown) => Checked | Promise<Checked>

const PROBLEM_CHARACTERS_MAX = 1000

/** A model that calls a tool without arguments often writes nothing at all. */
export const parseArguments = (text: string): Checked => {
  if (text.trim() === '') return { args: {} }
  let args: unknown
  try {
    args = JSON.parse(text)
  } catch (error) {
    return { problem: `its arguments are no JSON: ${messageOf(error)}` }
  }
  if (typeof args !== 'object' || args === null || Array.isArray(args))
    return { problem: 'its arguments are no JSON object' }
  return { args }
}

/**
 * Holds arguments against a JSON Schema.
 * @throws Error where the schema is none
 */
export const checkBySchema = (schema: object): CheckArguments => {
  // One each: the validator keeps every schema that it has ever seen.
  const validate = new AjvJsonSchemaValidator().getValidator<unknown>(schema as never)
  return (args) => {
    const { valid, errorMessage } = validate(args)
    if (valid) return { args }
    return { problem: problemOf([...unknownFields(schema, args), ...said(errorMessage)]) }
  }
}

/** What fails, as `field: why`. */
export const problemOf = (reasons: readonly string[]): string =>
  `its arguments do not fit: ${reasons.join('; ').slice(0, PROBLEM_CHARACTERS_MAX)}`

/** Ajv's "data/city must be string, data must have required property 'day'", without the one that names no field. */
const said = (message = ''): string[] =>
  message
    .split(/, (?=data[/ ])/)
    .filter((reason) => !reason.endsWith('must NOT have additional properties'))
    .map((reason) => reason.replace(/^data\/(\S+) /, (_, path) => `${path.replaceAll('/', '.')}: `))
    .map((reason) => reason.replace(/^data must/, 'they must'))

const unknownFields = (schema: object, args: unknown): string[] => {
  const { additionalProperties, properties = {} } = schema as {
    additionalProperties?: unknown
    properties?: object
  }
  if (additionalProperties !== false) return []
  return Object.keys(args as object)
    .filter((name) => !Object.hasOwn(properties, name))
    .map((name) => `${name}: there is no such argument`)
}
