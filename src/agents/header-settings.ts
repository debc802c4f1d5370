import { z } from 'zod'

/** Request headers in a file: what `fetch` would refuse is refused when the file is read. */
export const headersSetting = z.record(
  z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is no name for a header'),
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a header must not hold
  z.string().regex(/^[^\x00-\x08\x0a-\x1f\x7f]*$/, 'holds a line break or another control character'),
)

/** An address in a file. `fetch` refuses one with a user in it, and messages would tell the password. */
export const addressSetting = z
  .url({ protocol: /^https?$/ })
  .refine((url) => !/^\w+:\/\/[^/?#]*@/.test(url), 'has a user in it: put the credentials in a header')
