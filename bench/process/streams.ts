import { request } from 'node:http'
import type { BaseEvent } from '@ag-ui/client'
import type { Reading } from '../contestant.ts'

/** A browser's side of a thread's event stream. */
export const openStream = (url: string, onEvent: (event: BaseEvent) => void): Reading => {
  const ended = Promise.withResolvers<void>()
  const asking = request(url, { headers: { accept: 'text/event-stream' }, agent: false }, (response) => {
    let rest = ''
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.startsWith('data: ')) onEvent(JSON.parse(line.slice(6)))
    })
    response.on('end', ended.resolve)
    response.on('error', () => ended.resolve())
  })
  asking.on('error', ended.reject)
  asking.end()
  return { done: ended.promise, stop: () => asking.destroy() }
}
