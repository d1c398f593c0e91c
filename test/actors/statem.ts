// State machines for tests on every engine: a door that a test tells what to do, and that tells what it sees.
import {
  type Actions,
  answer,
  eventTimeout,
  type From,
  genStatem,
  keepState,
  keepStateAndData,
  namedTimeout,
  nextEvent,
  nextState,
  postpone,
  type Request,
  repeatState,
  type StatemAction,
  type StatemEvent,
  startIn,
  stateTimeout,
  stopAndReply,
} from '../../src/behaviours/index.ts';
import type { Context } from '../../src/process/index.ts';
import type { Mfa, Pid } from '../../src/term/index.ts';

export const MACHINE: Mfa = { module: import.meta.url, export: 'machine' };

/** What an event is answered with, as data. */
export interface Order {
  /** Where to go; without it the machine stays. */
  readonly to?: string;
  readonly repeats?: boolean;
  readonly postpones?: boolean;
  /** Names of internal events to insert. */
  readonly inserts?: readonly string[];
  /** Timeouts to set: kind or name, and ms. */
  readonly timeouts?: readonly (readonly [kind: string, ms: number])[];
  readonly stops?: unknown;
}

export type Call = Request<{ tag: 'do'; order: Order }, string> | Request<{ tag: 'later' }, string>;
/** `when` says in which states the order counts; elsewhere the event is postponed. */
export interface Cast {
  readonly name: string;
  readonly order?: Order;
  readonly when?: string;
}

interface Data {
  readonly test: Pid<unknown>;
  readonly enterOrder: Order;
  readonly waiting: readonly From[];
}

function actionsOf({ postpones, inserts = [], timeouts = [] }: Order): StatemAction[] {
  return [
    ...(postpones === true ? [postpone()] : []),
    ...inserts.map((name) => nextEvent({ type: 'internal', content: name })),
    ...timeouts.map(([kind, ms]) => {
      if (kind === 'state') return stateTimeout(ms, kind);
      return kind === 'event' ? eventTimeout(ms, kind) : namedTimeout(kind, ms, kind);
    }),
  ];
}

function nameOf(event: StatemEvent<string, Call, Cast, unknown>): string {
  switch (event.type) {
    case 'call':
      return `call ${event.request.tag}`;
    case 'cast':
      return event.message.name;
    case 'enter':
      return `enter from ${event.from}`;
    case 'internal':
      return `internal ${event.content}`;
    case 'timeout':
      return `timeout ${event.name}`;
    case 'info':
      return 'info';
    default:
      return event.type;
  }
}

export const machine = genStatem({
  label: 'machine',
  stateEnter: true,
  init(context, test: Pid<unknown>, traps: boolean = false, enterOrder: Order = {}) {
    context.trapExit(traps);
    return startIn('a', { test, enterOrder, waiting: [] } as Data);
  },
  handleEvent(event: StatemEvent<string, Call, Cast, unknown>, state: string, data: Data, context: Context<unknown>) {
    const { test } = data;
    if (event.type === 'cast' && event.message.when !== undefined && event.message.when !== state) {
      context.send(test, `${state}: ${event.message.name} postponed`);
      return keepStateAndData(postpone());
    }
    context.send(test, `${state}: ${nameOf(event)}`);
    if (event.type === 'enter') return keepStateAndData(actionsOf(data.enterOrder));
    if (event.type === 'call' && event.request.tag === 'later') {
      return keepState({ ...data, waiting: [...data.waiting, event.from] });
    }
    const order = event.type === 'call' ? (event.request as { order: Order }).order : orderOf(event);
    const replies: Actions =
      event.type === 'call'
        ? answer(event.from, `done in ${state}`)
        : data.waiting.map((from) => answer(from, 'later'));
    if (order.stops !== undefined) return stopAndReply(order.stops, replies, data);
    const actions = [...(Array.isArray(replies) ? replies : [replies]), ...actionsOf(order)] as StatemAction[];
    if (order.repeats === true) return repeatState(data, actions);
    return order.to === undefined ? keepState({ ...data, waiting: [] }, actions) : nextState(order.to, data, actions);
  },
  terminate(reason, state, { test }, context) {
    context.send(test, `${state}: terminate ${reason}`);
  },
});

function orderOf(event: StatemEvent<string, Call, Cast, unknown>): Order {
  if (event.type === 'cast') return event.message.order ?? {};
  // An internal event that says where to go.
  const [, to] = event.type === 'internal' ? (/^to (\w)$/.exec(String(event.content)) ?? []) : [];
  return to === undefined ? {} : { to };
}
