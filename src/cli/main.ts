#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

// Half of a short command's time goes into compiling what it imports, so that has to come after.
enableCompileCache()
const { runCommandLine } = await import('./command-line.ts')

process.exit(await runCommandLine(process.argv.slice(2)))
