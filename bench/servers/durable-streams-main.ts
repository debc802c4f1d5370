// Usage: node durable-streams-main.ts <data folder>. Prints its address, and ends with its standard input.
import { join } from 'node:path'
import { DurableStreamTestServer, FileBackedStreamStore } from '@durable-streams/server'

const dataDir = process.argv[2]
if (dataDir === undefined)
  throw new Error('Name the folder of the streams: node durable-streams-main.ts <data folder>')

const server = new DurableStreamTestServer({ port: 0, dataDir: join(dataDir, 'unused') })
// The server opens a store with 100 file handles and has no option for more. An append whose handle is evicted
// between its write and its fsync fails with 500, so more live threads than that need a store of their own.
const bundled = server.store
if (bundled instanceof FileBackedStreamStore) await bundled.close()
Object.assign(server, { store: new FileBackedStreamStore({ dataDir, maxFileHandles: 8_192 }) })

const address = await server.start()
process.stdout.write(`listening on ${address}\n`)
process.stdin.resume().once('end', () => process.exit())
