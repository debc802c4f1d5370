import type { ErrorCode } from '../errors.ts'

/** What a worker process tells the process that started it. */
export type WorkerNews =
  | { news: 'ready'; workerId: string; agentIds: string[] }
  | { news: 'failed'; code?: ErrorCode; message: string }
