import type { TopicBatch } from '../kafka/topic-reader.ts'

/** How far the reading of what was there at the start has come, in records. */
export interface Backfill {
  take(batch: TopicBatch): void
  /** All that was there at the start has been read. */
  end(): void
  progress(): { read: number; total: number; over: boolean }
}

interface Way {
  from: number
  at: number
  to: number
}

export const createBackfill = (): Backfill => {
  const ways = new Map<number, Way>()
  let over = false
  return {
    take: ({ partition, records, nextOffset, highWatermark }) => {
      if (over) return
      const from = records[0]?.offset ?? nextOffset
      // The first batch says where its partition ended; what comes later is no backfill.
      const way = ways.get(partition) ?? { from, at: from, to: highWatermark }
      // A batch of which nothing is left any more may not say where the end is.
      if (!Number.isFinite(way.to)) way.to = highWatermark
      ways.set(partition, { ...way, at: nextOffset })
    },
    end: () => {
      over = true
    },
    progress: () => {
      let [read, total] = [0, 0]
      for (const { from, at, to } of ways.values()) {
        if (!Number.isFinite(to)) continue
        read += Math.min(at, to) - from
        total += to - from
      }
      return { read, total, over }
    },
  }
}
