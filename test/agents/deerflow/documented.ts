/**
 * What DeerFlow's gateway sends, after its own documents: the order of frames and the pieces of a message from
 * “STREAMING” (backend/docs/STREAMING.md), a message's fields from LangChain's `model_dump()`, which the gateway's
 * serializer calls. Put together from there, not recorded from a server.
 */
type Documented = readonly (readonly [mode: string, data: unknown])[]

const human = {
  type: 'human',
  id: 'u',
  name: null,
  content: 'Hello',
  additional_kwargs: {},
  response_metadata: {},
}

const dumped = {
  type: 'AIMessageChunk',
  name: null,
  additional_kwargs: {},
  response_metadata: {},
  tool_calls: [],
  invalid_tool_calls: [],
  tool_call_chunks: [],
  usage_metadata: null,
  chunk_position: null,
}

const piece = (id: string, content: unknown, more: object = {}) =>
  [
    'messages',
    [
      { ...dumped, id, content, ...more },
      { langgraph_node: 'model', langgraph_step: 1 },
    ],
  ] as const

const whole = (id: string, content: string, more: object = {}) => ({
  ...dumped,
  type: 'ai',
  id,
  content,
  ...more,
})

const usage_metadata = { input_tokens: 10, output_tokens: 3, total_tokens: 13 }

export const STREAMED: Documented = [
  ['values', { messages: [human], title: null }],
  piece('ai-1', 'Hel'),
  piece('ai-1', 'lo '),
  piece('ai-1', 'world!'),
  piece('ai-1', '', { usage_metadata, response_metadata: { model_name: 'gpt-4' }, chunk_position: 'last' }),
  ['values', { messages: [human, whole('ai-1', 'Hello world!')], title: null }],
]

export const WITH_REASONING: Documented = [
  piece('ai-2', '', { additional_kwargs: { reasoning_content: 'Distances ' } }),
  piece('ai-2', '', { additional_kwargs: { reasoning_content: 'first.' } }),
  piece('ai-2', 'About 384,400 km.'),
  ['values', { messages: [human, whole('ai-2', 'About 384,400 km.')] }],
]

const callPiece = (args: string, id: string | null = null, name: string | null = null) => ({
  tool_call_chunks: [{ name, args, id, index: 0, type: 'tool_call_chunk' }],
  // LangChain parses what has come so far.
  tool_calls: name === null ? [] : [{ name, args: {}, id, type: 'tool_call' }],
})

const called = whole('ai-3', 'Let me look.', {
  tool_calls: [{ name: 'web_search', args: { query: 'moon' }, id: 'call_7', type: 'tool_call' }],
})

const found = {
  type: 'tool',
  id: 'tool-1',
  name: 'web_search',
  content: '384,400 km',
  tool_call_id: 'call_7',
  artifact: null,
  status: 'success',
}

export const TOOL_RUN: Documented = [
  piece('ai-3', 'Let me look.'),
  piece('ai-3', '', callPiece('', 'call_7', 'web_search')),
  piece('ai-3', '', callPiece('{"query"')),
  piece('ai-3', '', callPiece(':"moon"}')),
  ['values', { messages: [human, called] }],
  ['messages', [found, { langgraph_node: 'tools' }]],
  ['values', { messages: [human, called, found] }],
  piece('ai-4', 'It is 384,400 km away.'),
  ['values', { messages: [human, called, found, whole('ai-4', 'It is 384,400 km away.')] }],
]
