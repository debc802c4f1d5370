import { describe, expect, it } from 'vitest'
import { fixture, frame, lastPiece, nodePiece, piece, thinking } from './frame.ts'
import { custom, mapped, ofType, textOf } from './mapped.ts'

describe('the documented examples', () => {
  it('agent: one message of pieces, and what it cost once', async () => {
    const events = await mapped(fixture('agent-stream'))
    expect(textOf(events)).toBe('你好！有什么可以帮助你的吗？')
    expect(ofType(events, 'TEXT_MESSAGE_START')).toHaveLength(1)
    expect(custom(events, 'usage')).toEqual([
      { inputTokens: 56, outputTokens: 7, totalTokens: 63, model: 'qwen-max' },
    ])
  })

  it('deep thinking: reasoning first, then text', async () => {
    const events = await mapped(fixture('deep-thinking'))
    expect(textOf(events, 'REASONING_MESSAGE_CONTENT')).toBe('嗯，用户')
    expect(textOf(events)).toBe('问题吗？')
    expect(ofType(events, 'REASONING_START')).toHaveLength(1)
    expect(ofType(events, 'TOOL_CALL_START')).toEqual([])
  })

  it('workflow, message_format_plus: a step for each node, the answer from the last frame', async () => {
    const events = await mapped(fixture('workflow-message-format-plus'))
    expect(ofType(events, 'STEP_STARTED', 'STEP_FINISHED').map(({ stepName }) => stepName)).toEqual([
      '开始#Start_iEca',
      '开始#Start_iEca',
      '大模型1#LLM_NPem',
      '大模型1#LLM_NPem',
      '结束#End_pmAh',
      '结束#End_pmAh',
    ])
    expect(textOf(events)).toBe('你好呀！有什么可以帮您的吗？')
    const node = { node_type: 'LLM', node_id: 'LLM_NPem', node_name: '大模型1', node_status: 'success' }
    expect(custom(events, 'bailian.node')).toContainEqual({ ...node, content: '你好呀！有什么' })
  })

  it('workflow, message_format: what the End node said is not said again', async () => {
    const events = await mapped(fixture('workflow-message-format'))
    expect(textOf(events)).toBe(
      '我是通义千问，阿里巴巴集团旗下的通义实验室自主研发的超大规模语言模型。我可以帮助你回答问题、创作',
    )
    expect(ofType(events, 'TEXT_MESSAGE_START')).toHaveLength(1)
  })

  it('workflow, full_thoughts: nodes that are told in each frame are one step each', async () => {
    // Frames of the documentation's example of that mode ("Call a workflow application"), some left out.
    const start = node('开始', 'Start', 'Start_bYxoRU', 'success')
    const dishes = (result: string, status: string) =>
      node('大模型_Bsvj', 'LLM', 'LLM_Ilo9', status, `{"result":"${result}"}`)
    const sights = (result: string, status: string) =>
      node('大模型_kBgf', 'LLM', 'LLM_vQDv', status, `{"result":"${result}"}`)
    const end = node('结束', 'End', 'End_DrQn7F', 'success', '{"result":"西湖,灵隐寺"}')
    const frames = [
      [start, dishes('', 'executing')],
      [start, dishes('西湖醋鱼,', 'executing')],
      [start, dishes('叫化鸡', 'success')],
      [start, dishes('', 'success'), sights('西湖,灵隐', 'executing')],
      [start, dishes('', 'success'), sights('寺', 'success'), end],
    ].map((thoughts) => thinking(thoughts))
    const events = await mapped([...frames, lastPiece('s-1')])
    expect(
      ofType(events, 'STEP_STARTED', 'STEP_FINISHED').map(({ type, stepName }) => `${type} ${stepName}`),
    ).toEqual([
      'STEP_STARTED 开始#Start_bYxoRU',
      'STEP_FINISHED 开始#Start_bYxoRU',
      'STEP_STARTED 大模型_Bsvj#LLM_Ilo9',
      'STEP_FINISHED 大模型_Bsvj#LLM_Ilo9',
      'STEP_STARTED 大模型_kBgf#LLM_vQDv',
      'STEP_FINISHED 大模型_kBgf#LLM_vQDv',
      'STEP_STARTED 结束#End_DrQn7F',
      'STEP_FINISHED 结束#End_DrQn7F',
    ])
    const contents = custom(events, 'bailian.node').map((value) => (value as { content?: string }).content)
    expect(contents).toEqual([undefined, '西湖醋鱼,叫化鸡', '西湖,灵隐寺', undefined])
    // No text came, as it does in that mode: the End node's result is the answer.
    expect(textOf(events)).toBe('西湖,灵隐寺')
  })
})

const node = (
  nodeName: string,
  nodeType: string,
  nodeId: string,
  nodeStatus: string,
  nodeResult?: string,
) => ({
  response: JSON.stringify({ nodeName, nodeType, nodeId, nodeStatus, ...(nodeResult && { nodeResult }) }),
})

describe('a workflow', () => {
  it('has nodes at the same time, each its own step, with what each of them reasons', async () => {
    const llm = (id: string, result: string, reasoningContent = '', done = false) =>
      nodePiece(['LLM', id], JSON.stringify({ result, reasoningContent }), { done })
    const events = await mapped([
      llm('LLM_1', '', 'first'),
      llm('LLM_2', '', 'second'),
      llm('LLM_1', 'one'),
      llm('LLM_2', 'two', '', true),
      llm('LLM_1', '!', '', true),
      nodePiece(['End', 'End_1'], 'one! two', { done: true }),
      lastPiece('s-1', { text: 'one! two' }),
    ])
    expect(
      ofType(events, 'STEP_STARTED', 'STEP_FINISHED').map(({ type, stepName }) => [type, stepName]),
    ).toEqual([
      ['STEP_STARTED', 'llm#LLM_1'],
      ['STEP_STARTED', 'llm#LLM_2'],
      ['STEP_FINISHED', 'llm#LLM_2'],
      ['STEP_FINISHED', 'llm#LLM_1'],
      ['STEP_STARTED', 'end#End_1'],
      ['STEP_FINISHED', 'end#End_1'],
    ])
    expect(custom(events, 'bailian.node')).toMatchObject([{ content: 'two' }, { content: 'one!' }, {}])
    expect(ofType(events, 'REASONING_MESSAGE_CONTENT').map(({ delta }) => delta)).toEqual(['first', 'second'])
    expect(textOf(events)).toBe('one! two')
  })

  it('runs a node again in a loop', async () => {
    const code = (done: boolean) => nodePiece(['Script', 'Script_1'], '', { done })
    const events = await mapped([code(true), code(false), code(true), lastPiece('s-1', { text: 'Done' })])
    expect(ofType(events, 'STEP_STARTED')).toHaveLength(2)
    expect(ofType(events, 'STEP_FINISHED')).toHaveLength(2)
  })

  it('says in its last frame what its nodes have not said', async () => {
    const said = (text: string) =>
      mapped([
        nodePiece(['Output', 'Output_1'], 'Wait.', { done: true }),
        nodePiece(['End', 'End_1'], 'Half'),
        lastPiece('s-1', { text }),
      ])
    expect(textOf(await said('Half and half'))).toBe('Wait.Half and half')
    expect(textOf(await said('Half'))).toBe('Wait.Half')
    expect(textOf(await said('Wait.Half!'))).toBe('Wait.Half!')
    const other = await said('Another')
    expect(textOf(other)).toBe('Wait.HalfAnother')
    expect(ofType(other, 'TEXT_MESSAGE_START')).toHaveLength(3)
  })

  it('never tells what its Start node got: variables may be secret', async () => {
    const events = await mapped([
      nodePiece(['Start', 'Start_1'], '{"user":{"token":"hush"}}', { done: true }),
      lastPiece('s-1', { text: 'Done' }),
    ])
    expect(JSON.stringify(events)).not.toContain('hush')
  })

  it('bounds what it tells of a node', async () => {
    const long = nodePiece(['Retrieval', 'Retrieval_1'], 'x'.repeat(50_000), { done: true })
    const [value] = custom(await mapped([long, lastPiece('s-1', { text: 'Done' })]), 'bailian.node')
    expect((value as { content: string }).content).toHaveLength(20_000)
  })
})

describe('references and cost', () => {
  const reference = (index_id: string, title: string) => ({ index_id, title, doc_name: 'Doc', text: 'long' })
  const frames = [
    piece('Far <ref>[4]</', 's-1'),
    piece('ref>, very', 's-1', { doc_references: [reference('4', 'Moon')] }),
    piece(' far<re', 's-1', { doc_references: [reference('4', 'Moon'), reference('5', '')] }),
    lastPiece('s-1', { doc_references: [reference('4', 'Moon'), reference('5', '')] }),
  ]

  it('come once, as an event; marks in the text become numbers, also where frames cut them', async () => {
    const events = await mapped(frames)
    expect(textOf(events)).toBe('Far [4], very far<re')
    expect(custom(events, 'bailian.doc_references')).toEqual([[reference('4', 'Moon'), reference('5', '')]])
  })

  it('end the text where they are asked for', async () => {
    const events = await mapped(frames, { outputReference: true })
    expect(textOf(events)).toBe('Far [4], very far<re\n\nSources:\n[4] Moon\n[5] Doc')
    expect(ofType(events, 'TEXT_MESSAGE_START')).toHaveLength(1)
    expect(textOf(await mapped(fixture('agent-stream'), { outputReference: true }))).not.toContain('Sources')
  })

  it('cost is told for each model', async () => {
    const models = [
      { model_id: 'qwen-max', input_tokens: 800, output_tokens: 5 },
      { model_id: 'qwen-plus', input_tokens: 1574, output_tokens: 386 },
    ]
    const last = { output: { finish_reason: 'stop', text: 'Far' }, usage: { models }, request_id: 'r' }
    expect(custom(await mapped([piece('', 's'), frame(last)]), 'usage')).toEqual([
      { inputTokens: 800, outputTokens: 5, totalTokens: 805, model: 'qwen-max' },
      { inputTokens: 1574, outputTokens: 386, totalTokens: 1960, model: 'qwen-plus' },
    ])
  })

  it('an answer that the application rejected says so', async () => {
    const events = await mapped([lastPiece('s-1', { text: 'Sorry', reject_status: true })])
    expect(custom(events, 'bailian.reject_status')).toEqual([true])
  })
})
