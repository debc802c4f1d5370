import { AbstractAgent, type BaseEvent } from '@ag-ui/client'
import { type Observable, throwError } from 'rxjs'
import { RunnerError } from '../errors.ts'

/**
 * Stands for an agent that only workers have: all that a runner with `worker: false` asks of an agent is its
 * id and the headers that may travel with the command.
 */
export class RemoteAgent extends AbstractAgent {
  headers: Record<string, string>

  constructor(agentId: string, headers: Record<string, string> = {}) {
    super({ agentId })
    this.headers = headers
  }

  override run(): Observable<BaseEvent> {
    const message =
      `Agent "${this.agentId}" is executed by workers, not in this process. Make the runner with "worker: false", ` +
      'or give the router the agents that its embedded worker is to run.'
    return throwError(() => new RunnerError('UNKNOWN_AGENT', message))
  }

  override clone(): RemoteAgent {
    return new RemoteAgent(this.agentId ?? 'default', { ...this.headers })
  }
}
