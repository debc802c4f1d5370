import type { Evidence } from './evidence.ts'

/** From each event's time in the log, the worker's, to its arrival at the caller: one clock, one machine. */
export const delaysOf = ({ recordings, runs }: Evidence): number[] =>
  recordings.streams.flatMap(({ ask, runId, received }) => {
    if (ask !== 'run') return []
    const events = runs.get(runId ?? '')?.run.events ?? []
    return received.flatMap(({ text, time }, index) =>
      events[index]?.text === text ? [Math.max(0, time - events[index].time)] : [],
    )
  })
