import { connect as connectTcp } from 'node:net'
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls'
import type { ConnectionOptions } from '@platformatic/kafka'
import { type KafkaConfig, logLevel } from 'kafkajs'
import type { KafkaOptions } from '../config.ts'
import { knowAllCompressions } from './compression.ts'

// Before any consumer reads: others may have compressed what it gets.
knowAllCompressions()

/** The two clients' settings from ours. */
export const kafkajsConfig = (options: KafkaOptions): KafkaConfig => ({
  brokers: options.brokers,
  clientId: options.clientId,
  ssl: options.ssl,
  // The union of mechanisms is kafkajs's own; ours was validated in config.ts.
  sasl: options.sasl as KafkaConfig['sasl'],
  connectionTimeout: options.connectTimeoutMs,
  requestTimeout: options.requestTimeoutMs,
  logLevel: logLevel.NOTHING,
  retry: { retries: 8, initialRetryTime: 50, maxRetryTime: 2_000 },
  // kafkajs leaves Nagle's algorithm on, which holds a small record back for up to 40 ms.
  socketFactory: ({ host, port, ssl, onConnect }) => {
    const socket = ssl
      ? connectTls({ host, port, servername: host, ...(ssl as TlsOptions) }, onConnect)
      : connectTcp({ host, port }, onConnect)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 60_000)
    return socket
  },
})

export const platformaticConfig = (options: KafkaOptions): ConnectionOptions => ({
  connectTimeout: options.connectTimeoutMs,
  requestTimeout: options.requestTimeoutMs,
  maxInflights: 1,
  ...(options.ssl && { tls: options.ssl === true ? {} : options.ssl, tlsServerName: true }),
  ...(options.sasl && {
    sasl: {
      mechanism: options.sasl.mechanism.toUpperCase() as 'PLAIN',
      username: options.sasl.username,
      password: options.sasl.password,
    },
  }),
})
