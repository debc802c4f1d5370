import { z } from 'zod'

export const moduleSettings = z.strictObject({
  module: z
    .string()
    .min(1)
    .describe(
      'The module: a path, counted from the folder of this file, or a package that is installed there.',
    ),
  export: z
    .string()
    .min(1)
    .default('default')
    .describe(
      'What it exports: an AG-UI agent, which is cloned for each run, or a function that makes one for each run; ' +
        'the function is given `settings`, and what the agent is to be called.',
    ),
  settings: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('Given to the function as they are, with environment variables replaced.'),
})

export type ModuleSettings = z.output<typeof moduleSettings>
