import { readFileSync } from 'node:fs'
import type { DifyFrame } from '../../../src/agents/dify/frame.ts'

export type Fixture =
  | 'agent'
  | 'chat'
  | 'chatflow'
  | 'chatflow-resumed'
  | 'completion'
  | 'workflow'
  | 'workflow-paused'
  | 'workflow-resumed'

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), 'utf8'))

/** The frames of a stream in Dify's documentation; the file says where. */
export const framesOf = (name: Fixture): DifyFrame[] => read(name).frames

export interface DocumentedError {
  path: string
  status: number
  code: string
  message: string
}

/** Every error that Dify documents of the calls that the agent makes. */
export const documentedErrors = (): DocumentedError[] => read('errors').errors
