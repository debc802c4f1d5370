import { createContext, Script } from 'node:vm'

/** For one search. What is not pathological takes microseconds. */
const SEARCH_MS_MAX = 500

const exec = RegExp.prototype.exec
let context: Record<string, unknown> | undefined
let search: Script | undefined

/**
 * A RegExp whose search ends: `(a+)+$` on forty letters takes a day otherwise, and nothing else of the process would
 * go on meanwhile. V8 interrupts a regular expression only in a script that runs with a time-out.
 */
export class BoundedRegExp extends RegExp {
  override exec(text: string): RegExpExecArray | null {
    context ??= createContext({ exec })
    search ??= new Script('exec.call(pattern, text)')
    context.pattern = this
    context.text = text
    try {
      return search.runInContext(context, { timeout: SEARCH_MS_MAX })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
      throw new Error(`the regular expression ${String(this)} took longer than ${SEARCH_MS_MAX} ms`)
    }
  }
}
