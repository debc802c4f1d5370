import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type * as actor from './actor.ts'

type Methods = typeof actor

/** A measuring process, seen from its parent. */
export interface Actor {
  call<M extends keyof Methods>(
    method: M,
    argument?: Parameters<Methods[M]>[0],
  ): Promise<Awaited<ReturnType<Methods[M]>>>
  pid: number
  end(): Promise<void>
}

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))
const CALL_MS_MAX = 15 * 60_000

/** `name` is for its errors. */
export const forkActor = (name: string): Actor => {
  const child = fork(MAIN, [], {
    execArgv: ['--expose-gc', '--disable-warning=TimeoutNegativeWarning'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let calls = 0
  child.on('message', ({ id, result, error }: { id: number; result?: unknown; error?: string }) => {
    const call = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) call?.resolve(result)
    else call?.reject(new Error(`${name}: ${error}`))
  })
  void gone.then(() => {
    for (const call of waiting.values()) call.reject(new Error(`The measuring process ${name} ended`))
  })
  return {
    pid: child.pid!,
    call: async (method, argument) => {
      const id = ++calls
      const call = Promise.withResolvers<unknown>()
      waiting.set(id, call)
      child.send({ id, method, argument })
      const timer = setTimeout(() => call.reject(new Error(`${name}: ${method} took too long`)), CALL_MS_MAX)
      try {
        return (await call.promise) as never
      } finally {
        clearTimeout(timer)
      }
    },
    end: async () => {
      child.disconnect()
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await gone
      clearTimeout(timer)
    },
  }
}
