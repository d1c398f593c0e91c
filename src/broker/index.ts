// The broker without a protocol: exchanges, queues, consumers, confirms, dead letters, and the metadata that ties them
// together. A protocol turns its frames into calls of these, and its properties into a registered format.
export * from './access/index.ts';
export { type Alarm, type AlarmSettings, alarmReason, alarmsOf, isAlarmed } from './alarms/index.ts';
export * from './arguments.ts';
export * from './confirm.ts';
export * from './declaration.ts';
export * from './definitions/index.ts';
export { checkAccess } from './equivalence.ts';
export * from './errors.ts';
export * from './exchange/index.ts';
export * from './field-table.ts';
export * from './message.ts';
export * from './metadata/index.ts';
export * from './policies/index.ts';
export { queueType } from './queue/index.ts';
export * from './queue-server/index.ts';
export { logRefusedIn, type StorePlan } from './store/index.ts';
export * from './unacked.ts';
