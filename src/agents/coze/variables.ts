/** `forwardedProps.variables` of a run: what it says of its thread's variables. Undefined where it says nothing. */
export const variablesIn = (forwardedProps: unknown): Record<string, unknown> | undefined => {
  const variables = (forwardedProps as { variables?: unknown } | null | undefined)?.variables
  return typeof variables === 'object' && variables !== null && !Array.isArray(variables)
    ? (variables as Record<string, unknown>)
    : undefined
}

/** Coze takes texts alone. */
export const asTexts = (variables: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value ?? null),
    ]),
  )
