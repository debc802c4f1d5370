import type { AgentType } from './agent-type.ts'
import { agUiType } from './types/ag-ui.ts'
import { bailianType } from './types/bailian.ts'
import { builtInType } from './types/built-in.ts'
import { cozeType } from './types/coze.ts'
import { deerflowType } from './types/deerflow.ts'
import { demoType } from './types/demo.ts'
import { difyType } from './types/dify.ts'
import { moduleType } from './types/module.ts'

/** All types, by their name. To add one is to add its line. */
export const AGENT_TYPES: Record<string, AgentType> = {
  'built-in': builtInType,
  dify: difyType,
  coze: cozeType,
  bailian: bailianType,
  deerflow: deerflowType,
  'ag-ui': agUiType,
  module: moduleType,
  demo: demoType,
}
