import { Connection, metadataV12 } from '@platformatic/kafka'

const REQUEST_MS_MAX = 5_000

/** The ids of the brokers that one broker knows as members of its cluster: those that are not fenced. */
export async function membersOf(host: string, port: number): Promise<number[]> {
  const connection = new Connection('kafka-agent-runner-readiness', {
    connectTimeout: REQUEST_MS_MAX,
    requestTimeout: REQUEST_MS_MAX,
  })
  // A refused connection is reported twice: by the rejected call, and by this event, which must be heard.
  connection.on('error', () => {})
  try {
    await connection.connect(host, port)
    const metadata = await metadataV12.api.async(connection, [], false, false)
    return metadata.brokers.map((broker) => broker.nodeId)
  } finally {
    await connection.close().catch(() => {})
  }
}
