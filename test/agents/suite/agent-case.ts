import type { AbstractAgent } from '@ag-ui/client'
import type { Logger } from '../../../src/logger.ts'
import type { Handler } from './fake-server.ts'

/** What a fake platform does with the runs that follow. */
export const SCRIPTS = [
  /** Says ANSWER in several pieces and ends well. */
  'answer',
  /** The same, slowly: a piece every 50 ms, for 20 s. */
  'slow',
  /** Frames that say nothing (pings, comments) between those of the answer. */
  'pings',
  /** What was said piece by piece comes once more as a whole, where the platform does that. */
  'repeated-answer',
  /** 429 with Retry-After: 0 for the first request, then the answer. */
  'rate-limited-once',
  /** As `slow`, and the platform’s answer to the stop call takes 3 s. */
  'late-stop',
  /** The socket is destroyed in the middle of a frame. */
  'cut',
  /** An error in the stream, after some text. */
  'stream-error',
  /** As a wrong key is answered; the message repeats the key. */
  'unauthorized',
  /** 429 with Retry-After: 0, always. */
  'rate-limited',
  /** 500. */
  'server-error',
  /** A frame that is no JSON. */
  'malformed',
  /** The stream ends well, without the platform’s last frame. */
  'no-terminal',
] as const

export type Script = (typeof SCRIPTS)[number]

/** What all fakes say. */
export const ANSWER = 'The moon is 384,400 km away.'

/** One run of a fake platform's API. */
export interface FakePlatform {
  handler: Handler
  /** What it does from now on. At first: 'answer'. */
  play(script: Script): void
  /** The conversations that it was asked to go on with, run by run; null is a new one. */
  conversations: (string | null)[]
  /** Runs that it was told to stop. */
  stopped: string[]
}

/** A type of agent, with its fake. */
export interface AgentCase {
  /** As in agents.yaml. */
  type: string
  /** An entry of agents.yaml, without the id: its settings against the fake at this address. */
  entry(url: string): Record<string, unknown>
  /** Entries of the file's `providers` that the entry names. */
  providers?(url: string): Record<string, unknown>
  /** The agent by the same settings. */
  make(url: string, logger?: Logger): AbstractAgent
  fake(): FakePlatform
  /** What must appear nowhere. */
  secrets: string[]
  /** Whether the platform keeps the conversation, so that its id has to be remembered. */
  remembers: boolean
  /** Whether it has a call that stops a run. */
  canStop: boolean
  /** Scripts that the platform's API cannot play, with the reason. */
  without?: Partial<Record<Script, string>>
  /** RUN_ERROR's code by script. */
  codes: Record<
    'cut' | 'stream-error' | 'unauthorized' | 'rate-limited' | 'server-error' | 'malformed' | 'no-terminal',
    string
  >
}
