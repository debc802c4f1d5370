import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { shop } from '../../../examples/agents/shop-agent.ts'
import { testAgent } from '../../../src/agents/kit/test-agent.ts'
import { LocalMemories } from '../../../src/agents/memory.ts'
import { useFake } from '../suite/fake-server.ts'

const useOrders = () =>
  useFake(({ path }, answer) =>
    path === '/orders/4711' ? answer.json({ status: 'on its way' }) : answer.json({}, 404),
  )

describe('the example of an agent of one’s own', () => {
  it('is the one that the documentation shows', () => {
    const example = readFileSync('examples/agents/shop-agent.ts', 'utf8')
    expect(readFileSync('docs/agents.md', 'utf8')).toContain(example.trim())
    expect(example.trim().split('\n').length).toBeLessThanOrEqual(30)
  })

  it('answers with a tool call, and remembers the order of the thread', async () => {
    const { url } = await useOrders()
    const memory = new LocalMemories().of('t')
    const run = await testAgent(shop({ url })(), { message: 'Where is order 4711?', memory })
    expect(run.text).toBe('Order 4711 is on its way. ')
    expect(run.events.map(({ type }) => type)).toContain('TOOL_CALL_RESULT')
    const later = await testAgent(shop({ url })(), { message: 'And now?', memory })
    expect([later.text, later.memory]).toEqual(['Order 4711 is on its way. ', { order: '4711' }])
  })

  it('asks where it has no order, and ends with its own code where there is none', async () => {
    const { url } = await useOrders()
    expect((await testAgent(shop({ url })())).text).toContain('Which order')
    const { terminal } = await testAgent(shop({ url })(), { message: 'Order 99999' })
    expect(terminal).toMatchObject({ type: 'RUN_ERROR', code: 'ORDER_UNKNOWN' })
  })
})
