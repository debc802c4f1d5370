import { createRegistryApi } from '../../src/schema/registry-api.ts'
import { registerSubjects } from '../../src/schema/subjects.ts'

/** The schemas of all shared topics, under the subjects of this prefix. */
export const registerSchemas = async (url: string, prefix: string): Promise<void> => {
  await registerSubjects(createRegistryApi({ url }), prefix)
}
