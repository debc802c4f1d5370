import { setTimeout as sleep } from 'node:timers/promises'
import { membersOf } from '../kafka/members.ts'
import { HOST } from './ports.ts'

const POLL_MS = 50

/**
 * Waits until the broker on `port` serves clients and itself knows all `ids` as members of the cluster. A KRaft
 * broker lists only those that are not fenced, so an open port alone does not count. Rejects when `signal` ends it.
 */
export async function waitUntilServing(port: number, ids: number[], signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    const listed = await membersOf(HOST, port).catch((): number[] => [])
    if (ids.every((id) => listed.includes(id))) return
    await sleep(POLL_MS, undefined, { signal })
  }
}
