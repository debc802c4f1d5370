import { type Command, decodeCommand } from '../command/command.ts'
import type { Connection } from '../connection.ts'
import { isRejected, runOf, type ThreadState } from '../log/reducer.ts'
import { commandsTopic, workerGroup } from '../topics.ts'

/**
 * A thread's commands that its workers have not committed: they wait in their topic, or with a worker for
 * their turn, or are answered and would come again if their worker died now.
 * @throws RunnerError READ_FAILED
 */
export const uncommittedCommands = async (
  { backlog, config }: Connection,
  pools: string[],
  threadId: string,
): Promise<Command[]> => {
  const { prefix, commandPartitions: partitions } = config
  const records = await Promise.all(
    [undefined, ...pools].map((pool) =>
      backlog.of({
        topic: commandsTopic(prefix, partitions, pool).name,
        partitions,
        groupId: workerGroup(prefix, pool),
        key: threadId,
      }),
    ),
  )
  return records.flat().flatMap(({ key, value }) => decoded(key, value))
}

/** Whether no worker has answered the command yet, by its thread's log. */
export const isPending = (state: ThreadState, { commandId }: Command): boolean =>
  runOf(state, commandId) === undefined && !isRejected(state, commandId)

/** What is no command will never be a run: its worker sends it to the dead letters. */
const decoded = (key: string, value: Buffer | null): Command[] => {
  try {
    return [decodeCommand(key, value)]
  } catch {
    return []
  }
}
