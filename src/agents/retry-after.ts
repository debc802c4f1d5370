/** What a Retry-After header asks for, in milliseconds: it has seconds, or a date. Undefined where it has neither. */
export const retryAfterMs = (header: string | null | undefined): number | undefined => {
  if (header === null || header === undefined) return undefined
  const seconds = Number(header)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) ? Math.max(ms, 0) : undefined
}
