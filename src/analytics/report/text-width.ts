/** In ems, of the widest of the usual sans-serif fonts: what is laid out for it fits in every other. */
const EMS: [characters: RegExp, width: number][] = [
  [/[ijl|'.,:; ]/, 0.34],
  [/[ftrI()/-]/, 0.42],
  [/[mwMW%]/, 0.97],
  [/[!-\u00ff]/, 0.65],
]

/** An estimate, in pixels: nothing here knows the reader's font. */
export const textWidth = (text: string, fontSize: number, bold = false): number => {
  const ems = [...text].map((character) => EMS.find(([characters]) => characters.test(character))?.[1] ?? 1)
  return ems.reduce((sum, width) => sum + width, 0) * fontSize * (bold ? 1.12 : 1)
}
