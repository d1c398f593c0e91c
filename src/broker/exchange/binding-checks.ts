// What a binding must say, by the type of the exchange it starts from.
import { type BrokerError, preconditionFailed } from '../errors.ts';
import { type BindingRecord, type ExchangeRecord, routingTypeOf } from './exchange.ts';
import { checkHeadersBinding } from './headers-matcher.ts';

/** What is wrong with a binding from that exchange, or null. */
export function checkBinding(source: ExchangeRecord, binding: BindingRecord): BrokerError | null {
  const type = routingTypeOf(source);
  if (type === 'headers') return checkHeadersBinding(binding.arguments);
  return type === 'x-consistent-hash' ? checkWeight(binding.routingKey) : null;
}

/** Weights above this would cost more than they spread. */
const WEIGHT_MAX = 1_000;

function checkWeight(routingKey: string): BrokerError | null {
  if (!/^[+-]?\d+$/.test(routingKey)) {
    return preconditionFailed(`The binding key must be an integer: <<"${routingKey}">>`);
  }
  const weight = Number(routingKey);
  if (weight < 1) return preconditionFailed('The binding key must be greater than 0');
  return weight > WEIGHT_MAX ? preconditionFailed(`The binding key must be at most ${WEIGHT_MAX}`) : null;
}
