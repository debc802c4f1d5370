import { describeAgent } from '../suite/describe-agent.ts'
import { builtInCase } from './case.ts'

describeAgent(builtInCase)
