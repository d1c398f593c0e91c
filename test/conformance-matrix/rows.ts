// All rows of the conformance matrix, in the order of the page.
import { CONSUMER_ARGUMENTS, EXCHANGE_ARGUMENTS, EXCHANGES, QUEUE_ARGUMENTS } from './arguments.ts';
import { REPLY_CODES } from './codes.ts';
import { ACCESS, CAPABILITIES, LIFE, POLICY_KEYS, TRANSPORT } from './features.ts';
import { FLAGS } from './flags.ts';
import { FIELD_TYPES, FRAMES, HEADERS, PROPERTIES } from './messages.ts';
import { CLIENT_METHODS, SERVER_METHODS } from './methods.ts';
import type { Group } from './row.ts';
import { DECLARING_RULES, MESSAGE_RULES } from './rules.ts';

export const GROUPS: readonly Group[] = [
  CLIENT_METHODS,
  SERVER_METHODS,
  FLAGS,
  QUEUE_ARGUMENTS,
  CONSUMER_ARGUMENTS,
  EXCHANGE_ARGUMENTS,
  EXCHANGES,
  FRAMES,
  PROPERTIES,
  FIELD_TYPES,
  HEADERS,
  REPLY_CODES,
  DECLARING_RULES,
  MESSAGE_RULES,
  CAPABILITIES,
  LIFE,
  POLICY_KEYS,
  ACCESS,
  TRANSPORT,
];
