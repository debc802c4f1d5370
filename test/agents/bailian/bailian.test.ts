import { describeAgent } from '../suite/describe-agent.ts'
import { bailianCase } from './case.ts'

describeAgent(bailianCase)
