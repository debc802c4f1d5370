import { agUiCase } from '../ag-ui/case.ts'
import { bailianCase } from '../bailian/case.ts'
import { builtInCase } from '../built-in/case.ts'
import { cozeCase } from '../coze/case.ts'
import { deerflowCase } from '../deerflow/case.ts'
import { difyCase } from '../dify/case.ts'
import type { AgentCase } from '../suite/agent-case.ts'

/** Every type of agent that has a platform behind it. */
export const CASES: readonly AgentCase[] = [
  builtInCase,
  difyCase,
  cozeCase,
  bailianCase,
  deerflowCase,
  agUiCase,
]
