import { type FSWatcher, watch } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface FileWatch {
  /** Idempotent. */
  stop(): void
}

export interface FileWatchOptions {
  path: string
  /** Called when the file may be another one, and never rejects. Not while a call is under way: then once more behind it. */
  onChange(): Promise<void>
  /** Called once, where the system does not tell of changes: they are noticed by looking, later. */
  onDeaf(error: Error): void
  /** Editors write several times. @default 100 */
  settleMs?: number
  /** Network folders and some containers tell nothing: a look this often. @default 10_000 */
  lookMs?: number
}

/** However busy the folder is, the file is looked at after so many times `settleMs`. */
const UNSETTLED_TIMES_MAX = 10

/**
 * Watches a file by its folder: editors put another file in its place, and Kubernetes another folder behind a link,
 * of which whoever watches the file itself would hear nothing. Keeps no process alive.
 */
export const watchFile = (options: FileWatchOptions): FileWatch => {
  const { path, onChange, onDeaf, settleMs = 100, lookMs = 10_000 } = options
  const watchers = new Map<string, FSWatcher>()
  let settling: NodeJS.Timeout | undefined
  let unsettledSince: number | undefined
  let seen: string | undefined
  let looking: Promise<void> | undefined
  let again = false
  let stopped = false
  let deaf = false

  /** Where a link leads may change with the file. */
  const follow = async (): Promise<void> => {
    const real = await realpath(path).catch(() => path)
    const folders = new Set([dirname(path), dirname(real)])
    if (stopped) return
    for (const [folder, watcher] of watchers) {
      if (folders.has(folder)) continue
      watcher.close()
      watchers.delete(folder)
    }
    for (const folder of folders) if (!watchers.has(folder)) listen(folder)
  }

  const listen = (folder: string): void => {
    try {
      const watcher = watch(folder, { persistent: false }, settle)
      watchers.set(folder, watcher)
      watcher.on('error', (error) => {
        watcher.close()
        watchers.delete(folder)
        tell(error)
      })
    } catch (error) {
      tell(error as Error)
    }
  }

  const tell = (error: Error): void => {
    if (!deaf) onDeaf(error)
    deaf = true
  }

  const settle = (): void => {
    const now = performance.now()
    unsettledSince ??= now
    // In a folder where something is written all the time it would never settle.
    if (settling !== undefined && now - unsettledSince > UNSETTLED_TIMES_MAX * settleMs) return
    clearTimeout(settling)
    settling = setTimeout(() => {
      settling = undefined
      unsettledSince = undefined
      look()
    }, settleMs)
    settling.unref()
  }

  const look = (): void => {
    if (looking !== undefined) {
      again = true
      return
    }
    looking = compare().finally(() => {
      looking = undefined
      if (again && !stopped) settle()
      again = false
    })
  }

  const compare = async (): Promise<void> => {
    await follow()
    const mark = await markOf(path)
    if (mark === seen || stopped) return
    seen = mark
    await onChange()
  }

  const timer = setInterval(look, lookMs)
  timer.unref()
  // The first look is a change too: the file may have changed since it was read.
  look()
  return {
    stop: () => {
      stopped = true
      clearInterval(timer)
      clearTimeout(settling)
      for (const watcher of watchers.values()) watcher.close()
      watchers.clear()
    },
  }
}

/** Another one where anything about the file is. */
const markOf = async (path: string): Promise<string> => {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = await stat(path)
    return [dev, ino, size, mtimeMs, ctimeMs].join('/')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unreadable'
  }
}
