import type { Command } from '../command/command.ts'
import type { RunnerError } from '../errors.ts'
import type { CommandRecord } from '../kafka/command-consumer.ts'
import type { NewRecord, RejectedRecord } from '../log/record.ts'
import type { ThreadView } from './thread-view.ts'

/** Tells who waits for a command that no claim will come. `committed` is the offset that its group committed. */
export const rejectCommand = async (
  view: ThreadView,
  { commandId, input }: Command,
  source: CommandRecord,
  error: RunnerError,
  committed: number,
): Promise<void> => {
  const { topic, partition, offset } = source
  const record: RejectedRecord = {
    kind: 'rejected',
    commandId,
    runId: input.runId,
    code: error.code,
    message: error.message,
    source: `${topic}/${partition}/${offset}`,
  }
  await view.append([...settledRejections(view, source, committed), record])
}

/** Tombstones for the thread's rejections whose commands cannot be delivered again. */
export const settledRejections = (
  view: ThreadView,
  { topic, partition }: CommandRecord,
  committed: number,
): NewRecord[] => {
  const isSettled = ({ source }: RejectedRecord): boolean => {
    const [itsTopic, itsPartition, offset] = source.split('/')
    return itsTopic === topic && Number(itsPartition) === partition && Number(offset) < committed
  }
  return view.state.rejected.filter(isSettled).map(({ key }) => ({ kind: 'tombstone', key }))
}
