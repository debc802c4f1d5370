import { z } from 'zod'
import type { Path } from './problem.ts'

/** The part of a JSON Schema that is looked at. */
export interface FieldSchema {
  properties?: Record<string, FieldSchema>
  additionalProperties?: FieldSchema | boolean
  items?: FieldSchema | boolean
  anyOf?: FieldSchema[]
  oneOf?: FieldSchema[]
  allOf?: FieldSchema[]
  $ref?: string
  $defs?: Record<string, FieldSchema>
  /** From `.meta({ secret: true })`. */
  secret?: boolean
  [more: string]: unknown
}

/** A zod schema as people write its values. What JSON Schema cannot say, such as a transform, is left open. */
export const jsonSchemaOf = (schema: z.ZodType): FieldSchema =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as FieldSchema

/** What the schema says about a place: several where the schema leaves a choice. */
export const schemasAt = (root: FieldSchema, path: Path): FieldSchema[] =>
  path.reduce<FieldSchema[]>(
    (schemas, part) => schemas.flatMap((schema) => variantsOf(childOf(schema, part), root)),
    variantsOf(root, root),
  )

/** The names that fields may have there. */
export const fieldsAt = (root: FieldSchema, path: Path): string[] => [
  ...new Set(schemasAt(root, path).flatMap(({ properties = {} }) => Object.keys(properties))),
]

const childOf = (schema: FieldSchema, part: string | number): FieldSchema | undefined => {
  const { properties = {}, additionalProperties, items } = schema
  const child = typeof part === 'number' ? items : (properties[part] ?? additionalProperties)
  return typeof child === 'object' ? child : undefined
}

const variantsOf = (schema: FieldSchema | undefined, root: FieldSchema, depth = 0): FieldSchema[] => {
  // A schema may refer to itself.
  if (schema === undefined || depth > 10) return []
  const referred = schema.$ref === undefined ? undefined : root.$defs?.[schema.$ref.replace('#/$defs/', '')]
  const choices = [
    referred,
    ...[schema.anyOf, schema.oneOf, schema.allOf].flatMap((each) => each ?? []),
  ].filter((each) => each !== undefined)
  return [schema, ...choices.flatMap((each) => variantsOf(each, root, depth + 1))]
}
