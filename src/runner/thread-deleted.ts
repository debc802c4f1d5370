import { RunnerError } from '../errors.ts'

/** What a reader of the thread ends with. */
export const threadDeleted = (threadId: string): RunnerError =>
  new RunnerError('THREAD_DELETED', `Thread "${threadId}" was deleted. A run on it begins a new thread.`)
