/** Where something is in a file: `agents`, `support`, `tools`, 0. */
export type Path = readonly (string | number)[]

/** What is wrong in a file, and where. Never what stands there: it may be a secret. */
export interface Problem {
  path: Path
  message: string
  /** Counted from 1; where it is not given, it is looked up by the path. */
  line?: number
  column?: number
}

export const nameOf = (path: Path): string => path.join('.')

export const isInside = (path: Path, folder: Path): boolean =>
  folder.length <= path.length && folder.every((part, at) => String(path[at]) === String(part))
