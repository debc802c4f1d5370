import { AbstractAgent, type BaseEvent, type RunAgentInput } from '@ag-ui/client'
import { Observable } from 'rxjs'
import type { Script } from '../contestant.ts'

/** An AG-UI agent that plays a script. */
export class ScriptedAgent extends AbstractAgent {
  private script: Script

  constructor(threadId: string, script: Script) {
    super({ agentId: 'bench', threadId })
    this.script = script
  }

  override run({ threadId, runId }: RunAgentInput): Observable<BaseEvent> {
    return new Observable((subscriber) => {
      const emit = (event: BaseEvent) => subscriber.next(event)
      emit({ type: 'RUN_STARTED', threadId, runId } as unknown as BaseEvent)
      this.script(emit).then(
        () => {
          emit({ type: 'RUN_FINISHED', threadId, runId } as unknown as BaseEvent)
          subscriber.complete()
        },
        (error) => subscriber.error(error),
      )
    })
  }
}
