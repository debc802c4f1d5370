/** Milliseconds between two times; null where one is not known. */
export const elapsed = (from: number | null | undefined, to: number | null | undefined): number | null =>
  // The times are of several machines' clocks: less than nothing did not pass.
  from == null || to == null ? null : Math.max(0, to - from)
