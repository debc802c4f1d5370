import { type FieldSchema, jsonSchemaOf } from '../src/agents/config/known-fields.ts'
import { entrySchemaOf, ID } from '../src/agents/config/schema.ts'
import { AGENT_TYPES } from '../src/agents/config/types.ts'
import { providerSettings } from '../src/agents/providers/settings.ts'

/** `${NAME}` may stand for any scalar, also for a number. */
const PLACEHOLDER: FieldSchema = {
  type: 'string',
  pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what people are to write
  description: 'An environment variable: ${NAME}, or ${NAME:-what else}.',
}

/** JSON Schema of agents.yaml, for editors. */
export const agentsYamlSchema = (): FieldSchema => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'agents.yaml of kafka-agent-runner',
  type: 'object',
  additionalProperties: false,
  required: ['agents'],
  properties: {
    providers: {
      type: 'object',
      description: 'Chat providers by id, for agents of the type built-in: one single-turn completion each.',
      propertyNames: { pattern: ID.source },
      additionalProperties: editable(withoutMeta(jsonSchemaOf(providerSettings))),
    },
    agents: {
      type: 'object',
      description: 'Agents by id: what runs are executed by.',
      propertyNames: { pattern: ID.source },
      additionalProperties: { anyOf: Object.keys(AGENT_TYPES).map((type) => ({ $ref: `#/$defs/${type}` })) },
    },
  },
  $defs: {
    placeholder: PLACEHOLDER,
    ...Object.fromEntries(
      Object.entries(AGENT_TYPES).map(([type, { summary }]) => [type, agentOf(type, summary)]),
    ),
  },
})

const agentOf = (type: string, summary: string): FieldSchema => {
  const { properties = {}, required = [], ...rest } = withoutMeta(entrySchemaOf(type)!)
  return editable({
    ...rest,
    description: summary,
    properties: { ...properties, type: { const: type, description: summary } },
    required: ['type', ...(required as string[])],
  })
}

const withoutMeta = ({ $schema: _, ...schema }: FieldSchema): FieldSchema => schema

/** Where no text is allowed, or not each, a placeholder is too. */
const editable = (schema: FieldSchema): FieldSchema => {
  const { properties, additionalProperties, items, anyOf, oneOf, allOf, secret: _, ...rest } = schema
  const each = (schemas: FieldSchema[] | undefined) => schemas?.map(editable)
  const inside: FieldSchema = {
    ...rest,
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, field]) => [name, orPlaceholder(field)]),
      ),
    }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === 'object' ? orPlaceholder(additionalProperties) : additionalProperties,
    }),
    ...(items !== undefined && { items: typeof items === 'object' ? orPlaceholder(items) : items }),
    ...(anyOf && { anyOf: each(anyOf) }),
    ...(oneOf && { oneOf: each(oneOf) }),
    ...(allOf && { allOf: each(allOf) }),
  }
  return inside
}

const orPlaceholder = (schema: FieldSchema): FieldSchema => {
  const { type, const: constant, description, default: otherwise, ...rest } = editable(schema)
  const isScalar = type === 'number' || type === 'integer' || type === 'boolean' || type === 'string'
  const isPlain = type === 'string' && !('enum' in rest || 'pattern' in rest || 'format' in rest)
  if (!isScalar || isPlain || constant !== undefined) return editable(schema)
  return {
    ...(description !== undefined && { description }),
    ...(otherwise !== undefined && { default: otherwise }),
    anyOf: [{ type, ...rest }, { $ref: '#/$defs/placeholder' }],
  }
}
