// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders are what is tested
import { expect, it } from 'vitest'
import { masked } from '../../../src/agents/config/masked.ts'
import { entrySchemaOf } from '../../../src/agents/config/schema.ts'

const show = (type: string, written: Record<string, unknown>) => masked(written, entrySchemaOf(type)!)

it('shows an agent without what is secret', () => {
  const written = {
    api_key: 'app-secret',
    api_base: 'https://user:secret@dify.example/v1?key=secret',
    query_input_key: 'question',
    workflow_output_key: 'answer',
    timeout: 20,
    variables: { name: 'Ada', token: 'secret', more: [{ password: 'secret' }] },
  }
  expect(show('dify', written)).toEqual({
    api_key: '…',
    api_base: 'https://…@dify.example/v1?…',
    query_input_key: 'question',
    workflow_output_key: 'answer',
    timeout: 20,
    variables: { name: 'Ada', token: '…', more: [{ password: '…' }] },
  })
})

it('shows variables by their names, and what is beside them in a secret not', () => {
  const headers = { authorization: 'Bearer ${TOKEN}', a: '${A}', b: 'x${A}', c: '${A:-secret}', d: 'secret' }
  expect(show('ag-ui', { url: 'http://h/', headers })).toEqual({
    url: 'http://h/',
    headers: { authorization: 'Bearer ${TOKEN}', a: '${A}', b: '…', c: '…', d: '…' },
  })
})

it('knows secrets of tool servers and of providers that stand in an agent', () => {
  const shown = show('built-in', {
    provider: { base_url: 'http://h/v1', api_key: 'secret', headers: { 'x-a': 'secret' }, model: 'm' },
    max_tokens: 100,
    mcp_servers: {
      files: { transport: 'stdio', command: 'npx', env: { ANY: 'secret' } },
      web: { transport: 'sse', url: 'http://h/', headers: { 'x-any': 'secret' } },
    },
  })
  expect(JSON.stringify(shown)).not.toContain('secret')
  expect(shown).toMatchObject({
    provider: { base_url: 'http://h/v1', api_key: '…', model: 'm' },
    max_tokens: 100,
    mcp_servers: { files: { command: 'npx', env: { ANY: '…' } }, web: { url: 'http://h/' } },
  })
})
