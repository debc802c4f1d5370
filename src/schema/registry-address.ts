import type { SchemaRegistryOptions } from '../config.ts'
import { messageOf, RunnerError } from '../errors.ts'

/** Where a registry is, and as whom it is asked; neither its messages nor logs hold the latter. */
export interface RegistryAddress {
  /** Without credentials, and without a slash at its end. */
  url: string
  auth?: { username: string; password: string }
}

/** The user may stand in the address too. */
export const registryAddress = ({ url, auth }: SchemaRegistryOptions): RegistryAddress => {
  const address = new URL(url)
  const { username, password } = address
  address.username = ''
  address.password = ''
  const inUrl =
    username === ''
      ? undefined
      : { username: decodeURIComponent(username), password: decodeURIComponent(password) }
  return { url: String(address).replace(/\/$/, ''), auth: auth ?? inUrl }
}

/** What it answered where it should not have; without a status there was no answer. */
export const unavailable = ({ url }: RegistryAddress, error: unknown): RunnerError => {
  const status = (error as { status?: number }).status
  return new RunnerError(
    'REGISTRY_UNAVAILABLE',
    `The schema registry at ${url} ${problemOf(status)}: ${reasonOf(error)}. ${fixFor(status)}`,
    { cause: error },
  )
}

const problemOf = (status: number | undefined): string => {
  if (status === 401 || status === 403) return `refused the user (${status})`
  return status === undefined ? 'did not answer' : `did not answer as it should (${status})`
}

const fixFor = (status: number | undefined): string => {
  if (status === 401 || status === 403) return 'Check SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD.'
  if (status === 404) return 'Check that SCHEMA_REGISTRY_URL is its address up to where /subjects begins.'
  return 'Check that it runs, and that SCHEMA_REGISTRY_URL is its address.'
}

/** Of a failed fetch: "fetch failed" alone says nothing. */
const reasonOf = (error: unknown): string => {
  const cause = (error as { cause?: { message?: string; code?: string } }).cause
  return cause?.message || cause?.code || messageOf(error)
}
