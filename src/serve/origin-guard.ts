import type { RequestHandler } from 'express'
import { HttpError } from '../http/http-error.ts'

const LOOPBACK = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/

/**
 * Lets web pages of this machine and of the origins that are named use the server, and no others: any page
 * that a user opens can send requests to a port of the user's machine. Who is no browser sends no origin.
 */
export const originGuard =
  (allowed: string[]): RequestHandler =>
  (request, response, next) => {
    const { origin } = request.headers
    if (origin === undefined) {
      next()
      return
    }
    if (!LOOPBACK.test(origin) && !allowed.includes(origin) && !allowed.includes('*')) {
      throw new HttpError(
        403,
        'ORIGIN_NOT_ALLOWED',
        `Pages of ${origin} may not use this server. Name it in KAR_ALLOWED_ORIGINS to allow it.`,
      )
    }
    response.set('access-control-allow-origin', origin).vary('origin')
    if (request.method !== 'OPTIONS') {
      next()
      return
    }
    const asked = request.headers['access-control-request-headers']
    response.set('access-control-allow-methods', 'GET, POST, PUT, PATCH, DELETE')
    response.set('access-control-max-age', '600')
    if (asked !== undefined) response.set('access-control-allow-headers', asked)
    response.status(204).end()
  }
