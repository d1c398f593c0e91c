// Values that travel: pids, refs, code names and exit reasons, and the check that something is a term.
//
//   import { isClean, Pid } from './term/index.ts';
//   isClean({ tag: 'shutdown', detail: 'upgrade' }); // true
export * from './check.ts';
export * from './exit-reason.ts';
export * from './mfa.ts';
export * from './origin.ts';
export * from './pid.ts';
export * from './plain-reason.ts';
export * from './ref.ts';
export * from './seal.ts';
