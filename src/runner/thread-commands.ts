import { type Command, decodeCommand } from '../command/command.ts'
import type { Connection } from '../connection.ts'
import type { RunnerError } from '../errors.ts'
import { isRejected, runOf, type ThreadState } from '../log/reducer.ts'
import type { RecordFormat } from '../schema/record-format.ts'
import { commandsTopic, workerGroup } from '../topics.ts'

/**
 * A thread's commands that its workers have not committed: they wait in their topic, or with a worker for
 * their turn, or are answered and would come again if their worker died now.
 * @throws RunnerError READ_FAILED, REGISTRY_UNAVAILABLE
 */
export const uncommittedCommands = async (
  { backlog, config, format }: Connection,
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
  const commands = await Promise.all(records.flat().map(({ key, value }) => decoded(key, value, format)))
  return commands.flat()
}

/** Whether no worker has answered the command yet, by its thread's log. */
export const isPending = (state: ThreadState, { commandId }: Command): boolean =>
  runOf(state, commandId) === undefined && !isRejected(state, commandId)

/** What is no command will never be a run: its worker sends it to the dead letters. */
const decoded = async (key: string, value: Buffer | null, format: RecordFormat): Promise<Command[]> => {
  try {
    return [await decodeCommand(key, value, format)]
  } catch (error) {
    if ((error as RunnerError).code !== 'COMMAND_UNDECODABLE') throw error
    return []
  }
}
