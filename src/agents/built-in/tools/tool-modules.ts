import { messageOf, RunnerError } from '../../../errors.ts'
import { importModule } from '../../module/import-module.ts'
import { type CodeTool, isCodeTool } from './code-tool.ts'

/**
 * The tools that modules export, each made with `defineTool`: as exports of their own, or in a list or an object.
 * A module is loaded once for the life of the process.
 * @param folder where their paths count from
 * @throws RunnerError AGENTS_MODULE_INVALID
 */
export const loadTools = async (modules: readonly string[], folder: string): Promise<CodeTool[]> => {
  const loaded = await Promise.all(modules.map((name) => loadModule(name, folder)))
  return loaded.flat()
}

const loadModule = async (name: string, folder: string): Promise<CodeTool[]> => {
  const exported = await importModule(name, folder).catch((error) => {
    throw invalid(name, messageOf(error), error)
  })
  // The same tool may be exported by its name and in the default list.
  const tools = new Set(Object.values(exported).flatMap(toolsIn))
  if (tools.size === 0) throw invalid(name, 'it exports no tool')
  return [...tools]
}

const toolsIn = (exported: unknown): CodeTool[] => {
  if (isCodeTool(exported)) return [exported]
  return typeof exported === 'object' && exported !== null ? Object.values(exported).filter(isCodeTool) : []
}

const invalid = (name: string, problem: string, cause?: unknown): RunnerError =>
  new RunnerError(
    'AGENTS_MODULE_INVALID',
    `The module of tools ${name} cannot be used: ${problem}. ` +
      'Write for example: export const weather = defineTool({ name, description, parameters, execute })',
    { cause },
  )
