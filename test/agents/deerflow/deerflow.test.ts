import { describeAgent } from '../suite/describe-agent.ts'
import { deerflowCase } from './case.ts'

describeAgent(deerflowCase)
