import { describeAgent } from '../suite/describe-agent.ts'
import { difyCase, difyCaseOf } from './case.ts'

describeAgent(difyCase)
describeAgent(difyCaseOf('workflow'))
describeAgent(difyCaseOf('completion'))
