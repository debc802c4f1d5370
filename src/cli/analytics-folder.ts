import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { commandLineConfig } from '../config.ts'
import { findRunningBroker } from '../serve/running-broker.ts'
import { dataDirFor, type KafkaFlags, namedBrokers, settingsOn } from './settings.ts'

export interface FolderFlags extends KafkaFlags {
  dir?: string
}

/** Where the tables of a prefix are. */
export const analyticsFolder = (flags: FolderFlags, prefix: string): string => {
  const { analyticsDir } = commandLineConfig(
    { ...(flags.dir !== undefined && { analyticsDir: flags.dir }) },
    process.env,
  )
  return analyticsDir === undefined ? join(dataDirFor(flags), 'analytics', prefix) : resolve(analyticsDir)
}

/** The same without a look at brokers: of the prefix that is named, or that what runs here uses. */
export const readingFolder = async (flags: FolderFlags): Promise<string> => {
  const running = namedBrokers(flags) === undefined ? await findRunningBroker(dataDirFor(flags)) : undefined
  const { prefix = 'agents' } = settingsOn('runner', flags, running ?? { brokers: [] })
  return analyticsFolder(flags, prefix)
}

export const addFolderFlags = (command: Command): Command =>
  command
    .option('--dir <folder>', 'where the tables are (KAR_ANALYTICS_DIR)')
    .option('--prefix <name>', "start of the topics' names (KAR_PREFIX)")
    .option('--data-dir <folder>', 'data of the embedded broker (KAR_DATA_DIR)')
