/** What `startBroker` takes and gives. */
export interface BrokerOptions {
  /** Where the brokers keep their data, over restarts too. @default a temporary folder, removed on stop */
  dataDir?: string
  /** Client port of the first broker; a cluster's others take free ports. @default the port used before in `dataDir`, else a free one */
  port?: number
  /** Brokers in the cluster: 1, or 3 for a cluster that survives the loss of one. @default what `dataDir` holds, else 1 */
  nodes?: number
  /** Where the Kafka jars are kept. @default the user's cache folder, `kafka-agent-runner/kafka-4.2.0` in it */
  cacheDir?: string
  /** Most heap that each broker may use, MiB. @default 1024 */
  heapMib?: number
  /** Extra lines for every broker's server.properties; they win over ours. */
  properties?: Record<string, string>
  /** Called with one line of progress at a time, such as while Maven brings the jars. @default nobody */
  onProgress?: (line: string) => void
}

/** A running broker or cluster. */
export interface Broker {
  /** `host:port` of every node: what clients take as bootstrap servers. */
  brokers: string[]
  /** The folder that holds the data. */
  dataDir: string
  /** The nodes, for tests that kill one. Ids start at 1. */
  nodes: BrokerNode[]
  /** Controlled shutdown of all nodes, at most 15 s, then a kill; waits for it. Idempotent. */
  stop(): Promise<void>
}

export interface BrokerNode {
  id: number
  broker: string
  /** The JVM's process id while it runs. */
  pid: number | undefined
  /** Starts the node again on its port and data after a stop or kill, and waits until it serves. */
  start(): Promise<void>
  /** Controlled shutdown of this node alone: at most 15 s, then a kill. */
  stop(): Promise<void>
  /** SIGKILL, as a power cut would. */
  kill(): Promise<void>
}
