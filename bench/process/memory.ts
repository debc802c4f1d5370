/** This process's memory after a collection; it has to run with --expose-gc. */
export const memoryOf = (): { rssMiB: number; heapMiB: number } => {
  globalThis.gc?.()
  globalThis.gc?.()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rssMiB: rss / 2 ** 20, heapMiB: (heapUsed + external) / 2 ** 20 }
}
