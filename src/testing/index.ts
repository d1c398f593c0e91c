// For people who test their own actors: one body, many schedules, failures that shrink and replay.
//
//   import fc from 'fast-check';
//   import { schedules, simulate } from 'warren/testing';
//   fc.assert(fc.property(schedules(), fc.nat(9), (tape, n) => {
//     simulate({ tape }, function* (context) { ... }).value;
//   }));
export * from '../simulation/index.ts';
export * from './assert-receive.ts';
export * from './chart-file.ts';
export * from './eventually.ts';
export * from './linearizability.ts';
export * from './operation-log.ts';
export type { Pattern } from './pattern.ts';
export * from './probe.ts';
export * from './queue-checker.ts';
export * from './schedules.ts';
export * from './supervised.ts';
