import { z } from 'zod'
import type { ThreadMemory } from '../memory.ts'
import type { BailianSettings } from './settings.ts'

/** What the agent keeps of a thread. What does not parse counts as nothing. */
const bailianMemory = z.object({
  /** A session is of one application. */
  app_id: z.string(),
  session_id: z.string().min(1).optional(),
  /** When the session was last asked, in ms since 1970: it is forgotten an hour later. */
  used_at: z.number().optional(),
  /** The history goes along with each run: it is in no session. */
  own_history: z.boolean().optional(),
  /** What runs have overridden of the settings' variables. */
  variables: z.record(z.string(), z.unknown()).optional(),
})

type Kept = z.output<typeof bailianMemory>

/** As documented: without a request for an hour, a session is gone. */
const SESSION_MS_MAX = 3_600_000

const MULTI_TURN = new Set<BailianSettings['app_type']>(['agent', 'dialog-workflow'])

/** How a run carries on. */
export interface Turn {
  /** The session that it goes on with. */
  sessionId?: string
  /** Whether the messages so far go along, instead of a session. */
  withHistory: boolean
  /** Why the platform does not know the conversation any more, where it had one. */
  lost?: string
}

export interface TurnOptions {
  memory: ThreadMemory
  settings: BailianSettings
  /** Of the run. */
  forwardedProps: unknown
  /** Whether anything was said before in the thread. */
  hasHistory: boolean
}

/** What Bailian remembers of a thread, and what has to be said again. */
export class Conversation {
  readonly #memory: ThreadMemory
  readonly #settings: BailianSettings
  #kept: Kept
  readonly turn: Turn

  constructor({ memory, settings, forwardedProps, hasHistory }: TurnOptions) {
    this.#memory = memory
    this.#settings = settings
    this.#kept = keptOf(memory, settings)
    this.turn = MULTI_TURN.has(settings.app_type)
      ? turnOf(this.#kept, hasHistory, Date.now())
      : { withHistory: false }
    const overrides = z.object({ variables: z.record(z.string(), z.unknown()) }).safeParse(forwardedProps)
    if (overrides.success) this.#keep({ variables: { ...this.#kept.variables, ...overrides.data.variables } })
  }

  /** biz_params of the run. */
  get variables(): Record<string, unknown> {
    return { ...this.#settings.variables, ...this.#kept.variables }
  }

  /**
   * The platform has named the session of a run. It is kept only where it has the whole conversation: what messages
   * bring along is documented to be used in the run, not to be stored.
   * @returns whether the platform has silently begun another session than the one that it was asked for
   */
  named(sessionId: string, { sessionId: asked, withHistory }: Turn): boolean {
    if (!MULTI_TURN.has(this.#settings.app_type)) return false
    const isAnother = asked !== undefined && asked !== sessionId
    if (withHistory || isAnother) this.#keep({ own_history: true, session_id: undefined, used_at: undefined })
    else this.#keep({ session_id: sessionId, used_at: Date.now(), own_history: undefined })
    return isAnother
  }

  #keep(changes: Partial<Kept>): void {
    this.#kept = { ...this.#kept, ...changes }
    this.#memory.set(JSON.parse(JSON.stringify(this.#kept)))
  }
}

const keptOf = ({ value }: ThreadMemory, { app_id }: BailianSettings): Kept => {
  const parsed = bailianMemory.safeParse(value)
  if (!parsed.success) return { app_id }
  const { app_id: of, variables } = parsed.data
  return of === app_id ? parsed.data : { app_id, ...(variables !== undefined && { variables }) }
}

const turnOf = (kept: Kept, hasHistory: boolean, now: number): Turn => {
  const { session_id: sessionId, used_at = 0, own_history } = kept
  if (own_history || sessionId === undefined) return { withHistory: hasHistory }
  if (now - used_at < SESSION_MS_MAX) return { sessionId, withHistory: false }
  return { withHistory: hasHistory, lost: 'it was silent for an hour, after which Bailian forgets it' }
}
