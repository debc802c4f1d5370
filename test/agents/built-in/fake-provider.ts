import { MockLanguageModelV3, simulateReadableStream } from 'ai/test'

type Model = InstanceType<typeof MockLanguageModelV3>
type Part = Awaited<ReturnType<Model['doStream']>>['stream'] extends ReadableStream<infer P> ? P : never

/** Providers in the form of AI SDK's packages, made with its own mocks. */
const provider = (
  answer: (prompt: Parameters<Model['doStream']>[0]['prompt'], modelId: string) => Part[],
) => ({
  languageModel: (modelId: string) =>
    new MockLanguageModelV3({
      modelId,
      doStream: async ({ prompt }) => ({
        stream: simulateReadableStream({ chunks: [...answer(prompt, modelId), FINISH] }),
      }),
    }),
})

const FINISH: Part = {
  type: 'finish',
  finishReason: { unified: 'stop', raw: 'stop' },
  usage: {
    inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
    outputTokens: { total: 1, text: 1, reasoning: undefined },
  },
}

const text = (said: string): Part[] => [
  { type: 'text-start', id: '0' },
  { type: 'text-delta', id: '0', delta: said },
  { type: 'text-end', id: '0' },
]

/** Says what it was made with. */
export const createEcho = (options: object) =>
  provider((_, modelId) => text(JSON.stringify({ modelId, options })))

/** Signs a thought and a call, and says what comes back. */
export const createSigning = () =>
  provider((prompt) => {
    const assistant = prompt.find(({ role }) => role === 'assistant')
    if (assistant !== undefined && typeof assistant.content !== 'string')
      return text(JSON.stringify(assistant.content.map(({ providerOptions }) => providerOptions)))
    return [
      { type: 'reasoning-start', id: '0' },
      { type: 'reasoning-delta', id: '0', delta: 'Red, I think.' },
      { type: 'reasoning-end', id: '0', providerMetadata: { signing: { signature: 'of a thought' } } },
      {
        type: 'tool-call',
        toolCallId: 'c',
        toolName: 'paint',
        input: '{"colour":"red"}',
        providerMetadata: { signing: { signature: 'of a call' } },
      },
    ]
  })

export const createWarning = () =>
  provider(() => [
    { type: 'stream-start', warnings: [{ type: 'unsupported', feature: 'topK' }] },
    ...text('Hello'),
  ])
