import { AgentError, defineAgent } from 'kafka-agent-runner/agents'

/** Answers from an order service, streams the text, and remembers which order the thread is about. */
export const shop = ({ url }: { url: string }) =>
  defineAgent({
    play: async ({ input, events, memory, signal }) => {
      const question = String(input.messages.at(-1)?.content ?? '')
      const order = /\d{4,}/.exec(question)?.[0] ?? memory.value?.order
      if (order === undefined) return events.text('Which order is it? Give me its number.')
      memory.set({ order })

      const call = events.toolCall('look_up_order', { order })
      const answer = await fetch(`${url}/orders/${order}`, { signal })
      if (!answer.ok) throw new AgentError('ORDER_UNKNOWN', `There is no order ${order}. Check the number.`)
      const { status } = (await answer.json()) as { status: string }
      events.toolResult(call, { status })

      for (const word of `Order ${order} is ${status}.`.split(' ')) events.text(`${word} `)
    },
  })

export default { shop: shop({ url: process.env.ORDERS_URL ?? 'http://127.0.0.1:8000' }) }
