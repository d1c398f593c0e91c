// What an operator can set about AMQP 0-9-1. Plain data: it travels to every connection.
import { type BrokerLimits, DEFAULT_LIMITS } from '../../broker/index.ts';
import { CONSUMER_TIMEOUT_MS } from './limits.ts';

export interface AmqpSettings {
  /** Ms that a delivery may stay unacknowledged where its queue does not say. Default 1,800,000; Infinity for ever. */
  readonly consumerTimeoutMs: number;
  /**
   * What of a peer's certificate is its user's name; then the mechanism EXTERNAL is offered. Null: nothing. For listeners
   * with TLS that verify their peers.
   */
  readonly certificateLogin: CertificateLogin | null;
  readonly limits: BrokerLimits;
}

export type CertificateLogin = 'commonName' | 'distinguishedName';

/** RabbitMQ's defaults. */
export const DEFAULT_SETTINGS: AmqpSettings = {
  consumerTimeoutMs: CONSUMER_TIMEOUT_MS,
  certificateLogin: null,
  limits: DEFAULT_LIMITS,
};
