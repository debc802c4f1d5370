import { describeAgent } from '../suite/describe-agent.ts'
import { cozeCase } from './case.ts'

describeAgent(cozeCase)
