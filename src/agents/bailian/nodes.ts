import type { RunEvents } from '../run-events.ts'
import { asText, jsonObject, type Thought, type WorkflowMessage } from './frames.ts'
import type { Words } from './words.ts'

/** Of what a node gave, for the event that tells it: a node's result can be a whole document. */
const CONTENT_CHARACTERS_MAX = 20_000

interface Node {
  id: string
  name: string
  type: string
  stepName: string
  content: string
}

/** The nodes of a workflow, several of them at a time: each is a step of the run. */
export class Nodes {
  readonly #events: RunEvents
  readonly #words: Words
  readonly #open = new Map<string, Node>()
  readonly #finished = new Set<string>()
  /** What nodes have said as the answer. */
  said = ''
  /** What the End node has said, or was said to have given. */
  result = ''

  constructor(events: RunEvents, words: Words) {
    this.#events = events
    this.#words = words
  }

  /** Of the modes message_format and message_format_plus: pieces, none of them told twice. */
  message(message: WorkflowMessage): void {
    const { node_id, node_name, node_type, node_status, node_is_completed } = message
    const id = node_id ?? node_name
    if (!id) return
    const node = this.#opened(id, node_name ?? id, node_type ?? '')
    this.#take(node, asText(message.message?.content))
    if (node_is_completed === true || node_is_completed === 'true') this.#finish(node, node_status)
  }

  /**
   * Of the mode full_thoughts: each frame tells all nodes so far, those that are done too.
   * @returns false where the thought is none of a node
   */
  thought({ action_type, response }: Thought): boolean {
    if (action_type || !response) return false
    const { nodeId, nodeName, nodeType, nodeStatus, nodeResult } = jsonObject(response) ?? {}
    if (typeof nodeId !== 'string') return false
    const isRunning = nodeStatus === 'executing'
    if (this.#finished.has(nodeId) && !isRunning) return true
    const node = this.#opened(nodeId, asText(nodeName) || nodeId, asText(nodeType))
    const text = asText(nodeResult)
    const { result } = jsonObject(text) ?? {}
    const content = typeof result === 'string' ? result : text
    // What it says as the answer comes as the frame's text as well.
    if (isAnswer(node)) this.result += content
    else keep(node, content)
    if (!isRunning) this.#finish(node, asText(nodeStatus))
    return true
  }

  #opened(id: string, name: string, type: string): Node {
    const open = this.#open.get(id)
    if (open !== undefined) return open
    const node = { id, name, type, stepName: `${name}#${id}`, content: '' }
    this.#open.set(id, node)
    this.#events.startStep(node.stepName)
    return node
  }

  #take(node: Node, content: string): void {
    if (content === '') return
    if (isAnswer(node)) {
      this.said += content
      if (node.type === 'End') this.result += content
      this.#words.say(content, node.id)
      return
    }
    const { result, reasoningContent } = jsonObject(content) ?? {}
    if (typeof reasoningContent === 'string') {
      if (reasoningContent !== '') this.#words.flush()
      this.#events.reasoning(reasoningContent, node.id)
    }
    keep(node, typeof result === 'string' ? result : content)
  }

  #finish(node: Node, status: string | null | undefined): void {
    this.#open.delete(node.id)
    this.#finished.add(node.id)
    this.#events.custom('bailian.node', {
      node_id: node.id,
      node_name: node.name,
      node_type: node.type,
      node_status: status ?? '',
      // What the Start node gives is what it got: the run's variables, and they may have secrets.
      ...(node.content !== '' && node.type !== 'Start' && { content: node.content }),
    })
    this.#events.endStep(node.stepName)
  }
}

/** The nodes whose text is for the person; any other node's is for the nodes after it. */
const isAnswer = ({ type }: Node): boolean => type === 'End' || type === 'Output'

const keep = (node: Node, content: string): void => {
  node.content = (node.content + content).slice(0, CONTENT_CHARACTERS_MAX)
}
