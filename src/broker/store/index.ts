// The broker's durable store: the log as a process, its agents on the data threads, and the stores of queues over it.
export { keepsLog, sayKeepsLog } from './keeps-log.ts';
export { awaitPort, logAgent, type Stored } from './log-agent.ts';
export type { LogPort } from './log-port.ts';
export { logServer } from './log-server.ts';
export { messageCodec } from './message-codec.ts';
export { type FromLog, LOG_NAME, type LogMessage, type LogPid } from './protocol.ts';
export { type LogRefused, logRefused, logRefusedIn } from './refusal.ts';
export { type StorePlan, storeLog } from './tree.ts';
