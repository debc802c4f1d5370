/**
 * What `kar init` writes. Every agent but the demo is off, so that nothing in it has to be set before it is used.
 * @param schema where the JSON Schema is, for editors
 */
export const exampleAgentsFile = (schema: string): string => `# yaml-language-server: $schema=${schema}
#
# The agents that "kar serve" and "kar worker" execute. A change counts from the next run on; runs that go on keep
# what they began with. Every field: docs/agents.md, or the completion of an editor that knows the line above.
#
#   kar agents check    reaches what the agents need, and says what is wrong
#
# \${NAME} is an environment variable, \${NAME:-this} has a default, and $\${ is a plain \${. One that is not set is
# an error, unless its agent is off.

# Chat providers: one single-turn completion each. Agents of the type built-in think and act with them.
providers:
  openai:
    base_url: https://api.openai.com/v1 # or any other with POST /chat/completions
    api_key: \${OPENAI_API_KEY}
    model: gpt-5-mini

  local:
    base_url: http://127.0.0.1:11434/v1 # Ollama, for example
    model: qwen3:4b

# Agents by id. Of each: enabled (true), default (false), pool, on_worker_lost (fail), description.
agents:
  # Needs neither a key nor a network.
  demo:
    type: demo
    # Who names no agent gets this one; it is served as "default" too.
    default: true

  # The loop of this project around a chat provider, with tools: docs/agents/built-in.md
  assistant:
    type: built-in
    enabled: false
    description: Answers questions, and reads files where it has to.
    provider: openai
    fallback_providers: [local]
    system_prompt: |
      You are a helpful assistant. Say so when you do not know something.
    max_steps: 30
    mcp_servers:
      files:
        transport: stdio
        command: npx
        args: [-y, '@modelcontextprotocol/server-filesystem', ./documents]
    # Tools whose calls a person has to agree to.
    approval: [write_file, 'move_*']

  # An app of Dify: docs/agents/dify.md
  dify:
    type: dify
    enabled: false
    api_type: chat # agent, chatflow, workflow, completion
    api_base: https://api.dify.ai/v1
    api_key: \${DIFY_API_KEY}
    variables: {} # inputs of the app

  # A bot of Coze: docs/agents/coze.md
  coze:
    type: coze
    enabled: false
    api_base: https://api.coze.cn # https://api.coze.com for accounts of coze.com
    api_key: \${COZE_API_KEY}
    bot_id: '\${COZE_BOT_ID}' # a number goes into quotes

  # An application of Alibaba Cloud Model Studio (Bailian): docs/agents/bailian.md
  bailian:
    type: bailian
    enabled: false
    app_type: agent # agent-arrange, dialog-workflow, task-workflow
    api_key: \${DASHSCOPE_API_KEY}
    app_id: \${BAILIAN_APP_ID}
    rag_options:
      pipeline_ids: []

  # A DeerFlow of your own: docs/agents/deerflow.md
  deerflow:
    type: deerflow
    enabled: false
    api_base: http://127.0.0.1:2026
    timeout: 300
    # It may be run again when its worker is lost; it has to bear that it may act twice.
    on_worker_lost: fail

  # Any AG-UI endpoint: docs/agents/ag-ui.md
  remote:
    type: ag-ui
    enabled: false
    url: http://127.0.0.1:8000/
    headers:
      authorization: Bearer \${REMOTE_AGENT_TOKEN}

  # An agent of your own, what a module exports: docs/agents.md, "Write your own"
  mine:
    type: module
    enabled: false
    module: ./my-agent.ts
    settings:
      greeting: Hello
    # Only workers of this pool execute it: kar worker --pool gpu
    # pool: gpu
`
