// AMQP 0-9-1 as RabbitMQ speaks it, on top of the broker: listener, connections, channels.
export * from './format.ts';
export type { ListenerOptions } from './listener.ts';
export { type AmqpSettings, type CertificateLogin, DEFAULT_SETTINGS } from './settings.ts';
export { formatChild, listenerChild } from './tree.ts';
