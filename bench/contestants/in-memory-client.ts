import { InMemoryAgentRunner } from '@copilotkit/runtime/v2'
import type { Client } from '../contestant.ts'
import { clientOn } from './agent-runner.ts'

export const openClient = async (): Promise<Client> =>
  clientOn(new InMemoryAgentRunner() as never, async () => {})
