import { messageOf } from '../errors.ts'
import type { FetchedRecord } from '../kafka/fetch.ts'
import type { Reader } from '../reader.ts'
import { parseThreadEntry, type ThreadEntry } from './thread-entry.ts'

export interface DirectoryFilter {
  agentId?: string
  status?: ThreadEntry['status']
}

export interface Directory {
  /** Newest first. */
  threads: ThreadEntry[]
  /** Records that are no entries, or cannot be decoded: they are left out. */
  foreign: number
  /** What is wrong with one of them. */
  problem?: string
}

/**
 * Reads the directory to its end: the last entry of each thread that was not deleted. In memory are all of them
 * until it is through, some 300 bytes each.
 * @throws RunnerError READ_FAILED, REGISTRY_UNAVAILABLE
 */
export const readDirectory = async (
  { pages, topics, format }: Pick<Reader, 'pages' | 'topics' | 'format'>,
  filter: DirectoryFilter = {},
): Promise<Directory> => {
  const latest = new Map<string, ThreadEntry | Foreign>()
  for await (const page of pages.read(topics.threads.name)) {
    for (const record of page) {
      if (record.value === null) latest.delete(record.key)
      else latest.set(record.key, await entryOf(record, format))
    }
  }
  const entries = [...latest.values()]
  const known = entries.filter((entry): entry is ThreadEntry => !isForeign(entry))
  return {
    threads: known
      .filter((entry) => matches(entry, filter))
      .sort((one, other) => other.updatedAt - one.updatedAt),
    foreign: entries.length - known.length,
    problem: entries.find(isForeign)?.problem,
  }
}

interface Foreign {
  problem: string
}

const isForeign = (entry: ThreadEntry | Foreign): entry is Foreign => 'problem' in entry

const entryOf = async (
  { value }: FetchedRecord,
  format: Reader['format'],
): Promise<ThreadEntry | Foreign> => {
  await format.load(value)
  try {
    return parseThreadEntry(format.decode('thread', value))
  } catch (error) {
    // Counted by the caller: one bad record must not hide all threads.
    return { problem: messageOf(error) }
  }
}

const matches = (entry: ThreadEntry, { agentId, status }: DirectoryFilter): boolean =>
  (agentId === undefined || entry.agentId === agentId) && (status === undefined || entry.status === status)
