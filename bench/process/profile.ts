import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'

/** A CPU profile of this process, from `start` to `stop`; opens in Chrome's developer tools. */
let session: Session | undefined

export const startProfile = async (): Promise<void> => {
  session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: 200 })
  await session.post('Profiler.start')
}

export const stopProfile = async (file: string): Promise<void> => {
  const { profile } = await session!.post('Profiler.stop')
  session!.disconnect()
  writeFileSync(file, JSON.stringify(profile))
}
