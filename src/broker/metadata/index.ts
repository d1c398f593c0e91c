// The metadata: what exchanges, queues and bindings there are, and where the queues are.
export { AccessAdmin, AdminError, type UserSettings, type UserView, type VhostSettings } from './access-admin.ts';
export { allMetadata, deletePolicy, setPolicy } from './admin.ts';
export * from './client.ts';
export type { Configuration } from './configuration.ts';
export { warnOfDefaultLogin } from './default-login.ts';
export * from './events.ts';
export { formatsOn, registerFormat } from './formats.ts';
export { logIn, logInByName } from './logins.ts';
export { metadataServer } from './metadata-server.ts';
export { MESSAGES_LOST } from './metadata-state.ts';
export * from './protocol.ts';
export * from './records.ts';
export type { ForcedClose } from './sessions.ts';
export { applyEvent, emptyTables, routeMessage, snapshotOf, type Tables } from './tables.ts';
export * from './thread-replica.ts';
export { type BrokerPlan, brokerTree } from './tree.ts';
export { depthOf } from './words.ts';
