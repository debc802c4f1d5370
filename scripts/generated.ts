import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { agUiEventSchema } from './ag-ui-event-schema.ts'
import { agentsYamlSchema } from './agents-yaml-schema.ts'
import { asyncApiDocument } from './asyncapi.ts'

const versionIn = (url: URL): string => JSON.parse(readFileSync(url, 'utf8')).version

// The package that defines the events is one of @ag-ui/client's own.
const AG_UI_CORE = new URL('package.json', import.meta.resolve('@ag-ui/core/package.json'))
const PACKAGE = new URL('../package.json', import.meta.url)

/** The files of schemas/ that are generated, by their path; JSON is formatted by biome afterwards. */
export const generatedSchemas = (): Record<string, string> => ({
  [fileURLToPath(new URL('../schemas/ag-ui-event.json', import.meta.url))]: JSON.stringify(
    agUiEventSchema(versionIn(AG_UI_CORE)),
    null,
    2,
  ),
  [fileURLToPath(new URL('../schemas/agents-yaml.json', import.meta.url))]: JSON.stringify(
    agentsYamlSchema(),
    null,
    2,
  ),
  [fileURLToPath(new URL('../schemas/asyncapi.yaml', import.meta.url))]: asyncApiDocument(versionIn(PACKAGE)),
})
