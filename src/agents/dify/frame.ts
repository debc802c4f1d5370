/**
 * A frame of Dify's event stream: what of it is read. Every field may be missing or null, since the events differ by
 * app type and by version.
 */
export interface DifyFrame {
  event?: string
  task_id?: string | null
  conversation_id?: string | null
  message_id?: string | null
  workflow_run_id?: string | null
  /** Of an agent's thought, or a file. */
  id?: string | null
  answer?: string | null
  thought?: string | null
  /** Names, separated by ";". */
  tool?: string | null
  /** JSON: by the tool's name, what it was given. */
  tool_input?: string | null
  observation?: string | null
  /** Base64 of MP3. */
  audio?: string | null
  /** Of a file. */
  type?: string | null
  belongs_to?: string | null
  url?: string | null
  metadata?: {
    usage?: DifyUsage | null
    retriever_resources?: unknown[] | null
    annotation_reply?: unknown
  } | null
  files?: unknown[] | null
  /** Of workflow events. */
  data?: DifyData | null
  /** Of an error. */
  status?: number | null
  code?: string | null
  message?: string | null
}

export interface DifyUsage {
  prompt_tokens?: number | null
  completion_tokens?: number | null
  total_tokens?: number | null
}

export interface DifyData {
  id?: string | null
  workflow_run_id?: string | null
  node_id?: string | null
  node_type?: string | null
  node_title?: string | null
  title?: string | null
  index?: number | null
  retry_index?: number | null
  status?: string | null
  error?: string | null
  /** Why a workflow starts: "initial" or "resumption". */
  reason?: string | null
  text?: string | null
  reasoning?: string | null
  is_final?: boolean | null
  outputs?: Record<string, unknown> | null
  total_tokens?: number | null
  exceptions_count?: number | null
  files?: unknown[] | null
  /** Of a form. */
  form_id?: string | null
  form_token?: string | null
  form_content?: string | null
  inputs?: unknown
  actions?: { id: string; title?: string | null }[] | null
  resolved_default_values?: Record<string, string> | null
  /** Seconds since 1970. */
  expiration_time?: number | null
}
