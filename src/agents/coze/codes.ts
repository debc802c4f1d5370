const LATER = 'Try again later.'
const KEY = 'Check api_key, and that it is of the same site as api_base (coze.cn or coze.com).'

/** What to do about the codes that Coze documents on its page "Error codes" (错误码), as far as a chat can meet them. */
const FIXES: Readonly<Record<string, string>> = {
  4000: 'Coze takes no such request: see its message.',
  4001: 'The chat is gone, or is another account’s.',
  4002: 'The conversation is gone, or is another account’s.',
  4003: 'Shorten meta_data.',
  4004: 'Too many messages at once: Coze takes 100.',
  4005: 'Coze takes no message like this one.',
  4006: 'Check bot_id.',
  4007: 'Set auto_save_history: true.',
  4008: 'The bot’s uses of this day are spent: try again tomorrow.',
  4009: LATER,
  4010: 'The question is longer than the bot’s model takes: shorten it.',
  4011: 'The account’s Coze tokens are spent: buy some.',
  4012: 'The bot’s model is no more: choose another one, and publish the bot again.',
  4013: `The bot’s model failed. ${LATER}`,
  4014: 'The bot does not answer this question: ask another one.',
  4015: 'Publish the bot to the channel Agent as API.',
  4016: 'Another chat runs in this conversation: wait until it has ended, and try again.',
  4019: 'The Volcano account is in arrears: top it up.',
  4020: 'More requests per minute than were bought: slow down, or buy more.',
  4021: 'The bot has no workflow: configure it, and publish the bot again.',
  4022: 'The Volcano Ark model is in arrears: settle it.',
  4100: KEY,
  4101: `${KEY} Else give the key the permission chat for the bot’s workspace.`,
  4102: `Coze saw unusual activity. ${LATER}`,
  4104: 'The chat has ended already, or waits for an answer: it cannot be cancelled.',
  4105: 'The bot’s texts hold what Coze does not allow: change them, and publish the bot again.',
  4200: 'Check bot_id, and that the bot is of the same site as api_base (coze.cn or coze.com).',
  4300: 'The file is empty.',
  4301: 'Coze takes one file at a time.',
  4302: 'The file is too large for Coze.',
  4303: 'Coze does not take files of this type.',
  4304: 'The file is damaged.',
  5000: LATER,
  700012006: KEY,
}

/** What to do; nothing where Coze does not document the code. */
export const fixFor = (code: string): string => FIXES[code] ?? ''

export const CHAT_RUNNING = '4016'

/** Of a request that named a conversation: it is gone. 4200 is said of bots too: "Requested resource bot_id=… does not exist." */
export const isConversationLost = (code: string, message: string): boolean =>
  code === '4002' || (code === '4200' && !message.includes('bot_id='))

/** Of results for a chat that waits for them. */
export const isChatLost = (code: string, message: string): boolean =>
  code === '4001' || isConversationLost(code, message)

/** The chat is over, gone, or waits. */
export const hasNothingToCancel = (code: string): boolean => code === '4104' || code === '4001'

export const isKeyRefused = (code: string): boolean => code === '4100' || code === '700012006'
