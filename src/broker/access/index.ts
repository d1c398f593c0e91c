// Access: who may log in, open a vhost, and do what in it. Pure rules over records.
export { authorize, type Grants, grantsOf, needsOf, type Operation, refusalOf } from './authorize.ts';
export { type AccessEvent, changeRefusal } from './changes.ts';
export {
  bindingRefusal,
  channelRefusal,
  entryRefusal,
  isEntryLimited,
  patternRefusal,
  queueRefusal,
} from './limits.ts';
export type { Pattern } from './linear-pattern.ts';
export { LoginThrottle } from './login-throttle.ts';
export * from './password-hashes.ts';
export { compiledPattern, PATTERN_LENGTH_MAX, patternError } from './patterns.ts';
export * from './profiles.ts';
export * from './records.ts';
export { RefusalLog } from './refusal-log.ts';
export { HASH_SLOWLY, IS_SLOW_PASSWORD } from './slow-hashes.ts';
export * from './users.ts';
export { VerifiedLogins } from './verified-logins.ts';
