/**
 * A program: ends what its parent started, when its parent is gone, however it went. It is told of each child on
 * standard input (`+pid`, `-pid`), whose end is the end of the parent.
 */
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

/** A server that reads its standard input sees its end too, and may end by itself. */
const GRACE_MS = 1000

const pids = new Set<number>()
for await (const line of createInterface({ input: process.stdin })) {
  const pid = Number(line.slice(1))
  if (!Number.isInteger(pid) || pid <= 1) continue
  if (line.startsWith('+')) pids.add(pid)
  else pids.delete(pid)
}
for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  if (pids.size > 0) await sleep(GRACE_MS)
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch {
      // It has ended.
      pids.delete(pid)
    }
  }
}
