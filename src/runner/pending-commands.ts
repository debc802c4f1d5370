import { type Command, decodeCommand } from '../command/command.ts'
import type { Connection } from '../connection.ts'
import { runOf } from '../log/reducer.ts'
import { commandsTopic, workerGroup } from '../topics.ts'
import type { Place } from './places.ts'

export interface PendingCommandsOptions {
  connection: Connection
  /** The pools that there are besides the workers in none. */
  pools: string[]
}

/**
 * A thread's commands that no worker has answered yet: they wait in their topic, or with a worker for their
 * turn. The log knows nothing of them.
 * @throws RunnerError READ_FAILED
 */
export const pendingCommands = async (
  { connection, pools }: PendingCommandsOptions,
  threadId: string,
  place: Place,
): Promise<Command[]> => {
  const { prefix, commandPartitions: partitions } = connection.config
  const records = await Promise.all(
    [undefined, ...new Set(pools)].map((pool) =>
      connection.backlog.of({
        topic: commandsTopic(prefix, partitions, pool).name,
        partitions,
        groupId: workerGroup(prefix, pool),
        key: threadId,
      }),
    ),
  )
  const { state } = place
  return records
    .flat()
    .flatMap(({ key, value }) => decoded(key, value))
    .filter(({ commandId }) => runOf(state, commandId) === undefined)
    .filter(({ commandId }) => !state.rejected.some((rejection) => rejection.commandId === commandId))
}

/** What is no command will never be a run: its worker sends it to the dead letters. */
const decoded = (key: string, value: Buffer | null): Command[] => {
  try {
    return [decodeCommand(key, value)]
  } catch {
    return []
  }
}
