import { protocolErrorsCodesById, ResponseError } from '@platformatic/kafka'

/** Kafka's error codes that this library acts on; the rest are retried or fatal by RETRIABLE alone. */
export const KAFKA = {
  NONE: 0,
  OFFSET_OUT_OF_RANGE: 1,
  UNKNOWN_TOPIC_OR_PARTITION: 3,
  LEADER_NOT_AVAILABLE: 5,
  NOT_LEADER_OR_FOLLOWER: 6,
  MESSAGE_TOO_LARGE: 10,
  TOPIC_ALREADY_EXISTS: 36,
  UNKNOWN_TOPIC_ID: 100,
} as const

/** Errors of a partition that pass by themselves: a new leader, a new topic, a short quorum. */
const RETRIABLE = new Set([3, 5, 6, 7, 8, 9, 13, 14, 15, 19, 20, 56, 72, 74, 75, 76, 100, 103])

export const isRetriable = (code: number): boolean => RETRIABLE.has(code)

export const nameOf = (code: number): string =>
  (protocolErrorsCodesById as Record<number, string>)[code] ?? `error ${code}`

/**
 * The answer of a call. The client rejects a whole call for one partition's error and hangs the answer on the
 * error, where the partitions without an error still are.
 */
export const answerOf = async <T>(call: Promise<T>): Promise<T> => {
  try {
    return await call
  } catch (error) {
    if (error instanceof ResponseError && error.response !== undefined) return error.response as T
    throw error
  }
}
