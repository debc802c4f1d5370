import { PlatformClient } from '../platform-client.ts'
import type { DifySettings } from './settings.ts'

type ClientSettings = Pick<DifySettings, 'api_base' | 'api_key' | 'timeout'>

export const difyClient = ({ api_base, api_key, timeout }: ClientSettings): PlatformClient =>
  new PlatformClient({
    platform: 'Dify',
    baseUrl: api_base.replace(/\/+$/, ''),
    headers: { authorization: `Bearer ${api_key}` },
    timeoutMs: timeout * 1000,
    errorOf: (body) => {
      const { code, message } = (body ?? {}) as { code?: unknown; message?: unknown }
      return {
        ...(typeof code === 'string' && { code }),
        // Some come without a text: file_too_large does.
        ...(typeof message === 'string' && message !== '' && { message }),
      }
    },
  })
