import type { ProviderMetadata } from 'ai'
import { z } from 'zod'

const CHARACTERS_MAX = 200_000

const metadata = z.record(z.string(), z.record(z.string(), z.json()))

/**
 * What a provider wants back with a thought or a call (a signature, mostly), as AG-UI's encryptedValue. Undefined
 * where there is none, or where it is too long for an event.
 */
export const signatureText = (value: ProviderMetadata): string | undefined => {
  if (!Object.values(value).some((fields) => Object.keys(fields).length > 0)) return undefined
  const text = JSON.stringify(value)
  return text.length <= CHARACTERS_MAX ? text : undefined
}

/** The way back; undefined where another agent wrote it. */
export const signatureIn = (encryptedValue: unknown): ProviderMetadata | undefined => {
  if (typeof encryptedValue !== 'string') return undefined
  try {
    const parsed = metadata.safeParse(JSON.parse(encryptedValue))
    return parsed.success ? (parsed.data as ProviderMetadata) : undefined
  } catch {
    // No JSON: another agent's.
    return undefined
  }
}
