// Headers matching (digest 5 "headers"): `all` or `any` over the binding's arguments whose names do not start with x-,
// `all-with-x` and `any-with-x` over those too. A void argument asks for presence only, and values are compared without
// their types. An empty `all` matches everything, an empty `any` nothing.

import { type BrokerError, preconditionFailed } from '../errors.ts';
import { equalValues } from '../field-equality.ts';
import { type FieldTable, type FieldValue, NO_FIELDS, termText, textOf } from '../field-table.ts';
import type { Destination } from './destinations.ts';
import { bindingId } from './exchange.ts';
import type { MessageReader } from './reader.ts';

const MODES = ['all', 'any', 'all-with-x', 'any-with-x'] as const;

interface Wanted {
  readonly destination: Destination;
  readonly isAny: boolean;
  readonly fields: readonly (readonly [string, FieldValue])[];
}

/** What is wrong with a binding's x-match, or null. Only bindings from headers exchanges are checked. */
export function checkHeadersBinding(args: FieldTable): BrokerError | null {
  const field = args.get('x-match');
  if (field === undefined) return null;
  if (field.type !== 'longstr') {
    const shown = `Invalid x-match field type ${field.type} (value ${termText(field)}); expected longstr`;
    return preconditionFailed(shown);
  }
  const text = textOf(field);
  if (text !== null && (MODES as readonly string[]).includes(text)) return null;
  return preconditionFailed(
    `Invalid x-match field value ${termText(field)}; expected all, any, all-with-x, or any-with-x`,
  );
}

/** The bindings of a headers exchange. */
export class HeadersMatcher {
  private readonly bindings = new Map<string, Wanted>();

  add(routingKey: string, args: FieldTable, destination: Destination): void {
    const mode = textOf(args.get('x-match')) ?? 'all';
    const countsX = mode.endsWith('-with-x');
    const fields = [...args].filter(([name]) => name !== 'x-match' && (countsX || !name.startsWith('x-')));
    this.bindings.set(idOf(routingKey, args, destination), { destination, isAny: mode.startsWith('any'), fields });
  }

  remove(routingKey: string, args: FieldTable, destination: Destination): void {
    this.bindings.delete(idOf(routingKey, args, destination));
  }

  match(_routingKey: string, read: MessageReader, found: Set<Destination>): void {
    const given = read.headers() ?? NO_FIELDS;
    for (const wanted of this.bindings.values()) {
      if (!found.has(wanted.destination) && matches(wanted, given)) found.add(wanted.destination);
    }
  }
}

function matches({ isAny, fields }: Wanted, given: FieldTable): boolean {
  for (const [name, field] of fields) {
    const value = given.get(name);
    const isMatch = value !== undefined && (field.type === 'void' || equalValues(field, value));
    if (isMatch === isAny) return isAny;
  }
  return !isAny;
}

function idOf(routingKey: string, args: FieldTable, { queueId, exchange }: Destination): string {
  const destination =
    queueId < 0 ? ({ kind: 'exchange', name: exchange } as const) : ({ kind: 'queue', queueId } as const);
  return bindingId({ source: '', destination, routingKey, arguments: args });
}
