/** Node as it is where the optional packages are not installed: --import this. */
import { registerHooks } from 'node:module'

const MISSING = ['@duckdb/node-api', 'echarts']

registerHooks({
  resolve: (specifier, context, next) => {
    if (!MISSING.includes(specifier)) return next(specifier, context)
    if (process.env.WITHOUT !== specifier) return next(specifier, context)
    return next(`${specifier}-that-nobody-has`, context)
  },
})
