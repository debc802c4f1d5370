import { HOST } from './ports.ts'

/** One node as the cluster sees it. */
export interface NodeAddress {
  id: number
  /** For clients and the other brokers. */
  port: number
  /** For the controller quorum. */
  controllerPort: number
}

export type Properties = Record<string, string>

/** The server.properties of one node. `overrides` win. */
export function serverProperties(
  node: NodeAddress,
  cluster: NodeAddress[],
  logDir: string,
  overrides: Properties = {},
): Properties {
  const listeners = `PLAINTEXT://${HOST}:${node.port},CONTROLLER://${HOST}:${node.controllerPort}`
  return {
    'process.roles': 'broker,controller',
    'node.id': String(node.id),
    // A static quorum: its addresses live here alone, so a node may come back on another port.
    'controller.quorum.voters': cluster.map((n) => `${n.id}@${HOST}:${n.controllerPort}`).join(','),
    listeners,
    'advertised.listeners': listeners,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': logDir,
    ...replication(cluster.length),
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.num.partitions': '4',
    'group.initial.rebalance.delay.ms': '0',
    // A misspelt topic must be an error, not a topic.
    'auto.create.topics.enable': 'false',
    'controller.quorum.append.linger.ms': '0',
    // Its default takes 128 MB of the heap.
    'log.cleaner.dedupe.buffer.size': '8388608',
    // Two index files of this size are preallocated for each partition; the default is 10 MB.
    'log.index.size.max.bytes': '16384',
    // After a crash a broker waits until its own former registration expires: 9 s by default.
    'broker.session.timeout.ms': '2000',
    'broker.heartbeat.interval.ms': '500',
    ...overrides,
  }
}

function replication(nodes: number): Properties {
  const copies = String(nodes)
  const inSync = String(Math.floor(nodes / 2) + 1)
  return {
    'default.replication.factor': copies,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': inSync,
  }
}

/** Log to one file of at most 10 MB and one older one. */
export function loggingProperties(logFile: string): Properties {
  return {
    status: 'error',
    'appender.file.type': 'RollingFile',
    'appender.file.name': 'file',
    'appender.file.fileName': logFile,
    'appender.file.filePattern': `${logFile}.%i`,
    'appender.file.layout.type': 'PatternLayout',
    'appender.file.layout.pattern': '[%d] %p %m (%c)%n',
    'appender.file.policies.type': 'Policies',
    'appender.file.policies.size.type': 'SizeBasedTriggeringPolicy',
    'appender.file.policies.size.size': '10MB',
    'appender.file.strategy.type': 'DefaultRolloverStrategy',
    'appender.file.strategy.max': '1',
    'rootLogger.level': 'info',
    'rootLogger.appenderRef.file.ref': 'file',
    // A line per partition and leader change: thousands of threads would drown the rest.
    'logger.state.name': 'state.change.logger',
    'logger.state.level': 'warn',
  }
}

/** The text of a .properties file. Java reads a backslash as an escape. */
export function propertiesText(properties: Properties): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`)
    .join('')
}

/** Reads simple .properties files such as Kafka's meta.properties. */
export function parseProperties(text: string): Properties {
  const entries = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#') && line.includes('='))
    .map((line): [string, string] => {
      const at = line.indexOf('=')
      return [line.slice(0, at).trim(), line.slice(at + 1).trim()]
    })
  return Object.fromEntries(entries)
}
