/** The client rejects a whole request for one partition's error, and hangs the answer on the error. */
export const tolerant = async <T>(call: Promise<T>): Promise<T> => {
  try {
    return await call
  } catch (error) {
    const { response } = error as { response?: T }
    if (response === undefined) throw error
    return response
  }
}
