const BYTES_A_LINE = 16

/** Offset, bytes, and what of them is ASCII; 16 bytes a line. */
export const hexDump = (bytes: Buffer): string =>
  Array.from({ length: Math.ceil(bytes.length / BYTES_A_LINE) }, (_, line) => {
    const from = line * BYTES_A_LINE
    const part = bytes.subarray(from, from + BYTES_A_LINE)
    const hex = (part.toString('hex').match(/../g) ?? []).join(' ')
    const ascii = part.toString('latin1').replace(/[^\x20-\x7e]/g, '.')
    return `${from.toString(16).padStart(8, '0')}  ${hex.padEnd(BYTES_A_LINE * 3 - 1)}  ${ascii}`
  }).join('\n')
