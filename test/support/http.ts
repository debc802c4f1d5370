/** A thread's events from a server, once its stream ends. */
export const threadEvents = async (server: string, threadId: string) => {
  const response = await fetch(`${server}/threads/${encodeURIComponent(threadId)}/events`)
  const text = await response.text()
  const data = text.split('\n').filter((line) => line.startsWith('data: '))
  return data.map((line) => JSON.parse(line.slice(6)) as { type: string; delta?: string })
}
