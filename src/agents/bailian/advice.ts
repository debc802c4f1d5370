import type { CompletionFrame } from './frames.ts'

/** What part of the settings a documented error is about. */
export type Subject = 'host' | 'key' | 'app' | 'model' | 'workspace' | 'account' | 'load' | 'platform'

const FIX: Record<Subject, string> = {
  host: 'Set api_base to https://dashscope.aliyuncs.com, or https://dashscope-intl.aliyuncs.com for a key of the international site.',
  key: 'Set api_key to a key of the workspace that the application is in. A key of the international site is one of https://dashscope-intl.aliyuncs.com, in api_base.',
  app: 'Set app_id to the id on the application’s card, publish the application, and use an API key of the workspace that it is in.',
  model: 'Choose another model in the application, or let its workspace use this one, and publish it again.',
  workspace: 'Set workspace to the workspace of the application, and api_key to a key that may use it.',
  account:
    'Look at the account in the Model Studio console: its balance, its quota, and whether the service is activated.',
  load: 'Try again later, or ask for a higher limit in the Model Studio console.',
  platform: 'Try again later; with the request id Alibaba Cloud’s support can look it up.',
}

/**
 * The error codes that the platform documents, as far as they say what to do. By their first part where none fits.
 * InvalidURL is none of them: in a run it is about the address of an image or a file.
 */
const SUBJECTS: Record<string, Subject> = {
  InvalidApiKey: 'key',
  invalid_api_key: 'key',
  AccessDenied: 'key',
  access_denied: 'key',
  'AccessDenied.Unpurchased': 'account',
  'Model.AccessDenied': 'model',
  'Endpoint.AccessDenied': 'model',
  ModelNotFound: 'model',
  model_not_found: 'model',
  'App.AccessDenied': 'app',
  'App.NotFound': 'app',
  NotFound: 'app',
  FlowNotPublished: 'app',
  'NOT AUTHORIZED': 'workspace',
  'Workspace.AccessDenied': 'workspace',
  WorkSpaceNotFound: 'workspace',
  'BailianGateway.Workspace.NotAuthorised': 'workspace',
  Arrearage: 'account',
  CommodityNotPurchased: 'account',
  PrepaidBillOverdue: 'account',
  PostpaidBillOverdue: 'account',
  AllocationQuota: 'account',
  Throttling: 'load',
  LimitRequests: 'load',
  limit_requests: 'load',
  insufficient_quota: 'account',
  InternalError: 'platform',
  internal_error: 'platform',
  SystemError: 'platform',
  ModelServiceFailed: 'platform',
  ModelServingError: 'platform',
  ModelUnavailable: 'platform',
  RequestTimeOut: 'platform',
  ServiceUnavailable: 'platform',
}

export const subjectOf = (code: string): Subject | undefined => {
  const [first = ''] = code.split('.')
  return Object.hasOwn(SUBJECTS, code)
    ? SUBJECTS[code]
    : Object.hasOwn(SUBJECTS, first)
      ? SUBJECTS[first]
      : undefined
}

export const fixFor = (subject: Subject): string => FIX[subject]

/** What a body or a frame says went wrong; undefined where it says nothing of that. */
export const refusalOf = ({
  code,
  message,
  request_id,
}: Pick<CompletionFrame, 'code' | 'message' | 'request_id'>):
  | { code: string; message: string }
  | undefined => {
  if (code === undefined || code === null || code === '') return undefined
  const subject = subjectOf(String(code))
  const request = request_id ? ` (request ${request_id})` : ''
  const fix = subject === undefined ? '' : ` ${fixFor(subject)}`
  return { code: String(code), message: `${message || `error ${code}`}${request}${fix}` }
}
