import * as actor from './actor.ts'

const methods: Record<string, (argument: never) => unknown> = { ...actor }

/** A measuring process: does what its parent asks, one request at a time or side by side, and ends with it. */
interface Request {
  id: number
  method: keyof typeof actor
  argument: never
}

process.on('message', async ({ id, method, argument }: Request) => {
  try {
    process.send!({ id, result: await methods[method]!(argument) })
  } catch (error) {
    process.send!({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
})
process.on('disconnect', () => process.exit())
