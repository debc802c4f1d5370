/** A line as RFC 4180 has it, without its end; nothing for null. */
export const csvLine = (cells: readonly (string | number | boolean | null)[]): string =>
  cells.map((cell) => (cell === null ? '' : quotedCell(String(cell)))).join(',')

const quotedCell = (text: string): string =>
  /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
