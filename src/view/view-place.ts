/** Where a view is kept. It can be made anew from Kafka at any time, for as far back as that goes. */
export interface ViewPlace {
  /** The file; `:memory:` for none. A file of another cluster or prefix is an error. @default ':memory:' */
  path?: string
  /**
   * Instead of `path`: a folder for a file of its own for each cluster, prefix and process. Where it cannot be
   * written, the view is in memory.
   */
  folder?: string
}
