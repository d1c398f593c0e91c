// State machines as data, for both sides: what each event does in each state. At most one kind of timeout of a machine
// takes real time, and nothing comes from outside once the machine runs, so that each has exactly one outcome.
import fc from 'fast-check';
import {
  type Actions,
  answer,
  cast,
  checkResponse,
  eventTimeout,
  genStatem,
  keepState,
  namedTimeout,
  nextEvent,
  nextState,
  postpone,
  repeatState,
  type ServerPid,
  type StatemAction,
  type StatemEvent,
  type StatemResult,
  sendRequest,
  startIn,
  stateTimeout,
  stopAndReply,
} from '../../src/behaviours/index.ts';
import { type Context, type Effects, receive, TIMEOUT } from '../../src/process/index.ts';
import { simulate } from '../../src/simulation/index.ts';
import type { Pid } from '../../src/term/index.ts';

type Timer = 'st' | 'et' | 'x' | 'y';
type Kind = 'cast' | 'call' | 'info';
type Action =
  | 'postpone'
  | 'reply'
  | readonly ['next', 'internal' | 'cast', string]
  | readonly [Timer, number | 'infinity'];
/** `go` is a state, or `keep`, `repeat` or `stop`. */
type Result = readonly [go: string, actions: readonly Action[]];
type Row = readonly [
  at: readonly [state: string, event: string | readonly [string, string]],
  results: readonly Result[],
];

/** As the tuple of the same shape in Erlang. */
export type MachineProgram = readonly [
  enters: boolean,
  first: readonly [state: string, actions: readonly Action[]],
  rows: readonly Row[],
  burst: readonly (readonly [Kind, string])[],
];

const STATES = ['a', 'b', 'c'] as const;
const NAMES = ['one', 'two', 'three'] as const;
const TIMERS: readonly Timer[] = ['st', 'et', 'x', 'y'];
const REAL_MS = 20;

const oneOf = <T>(...items: readonly T[]) => fc.constantFrom(...items);
const few = <T>(item: fc.Arbitrary<T>, max = 3) => fc.array(item, { maxLength: max });

/** Machines whose only timeout that takes time is `real`. It is not cancelled: OTP 25 then forgets a timer that runs. */
function machines(real: Timer): fc.Arbitrary<MachineProgram> {
  const timeout: fc.Arbitrary<Action> = fc.oneof(
    fc.tuple(oneOf(...TIMERS.filter((timer) => timer !== real)), oneOf<number | 'infinity'>(0, 0, 'infinity')),
    fc.constant([real, REAL_MS] as const),
  );
  const next = fc.tuple(oneOf('next' as const), oneOf('internal' as const, 'cast' as const), oneOf(...NAMES));
  const action: fc.Arbitrary<Action> = fc.oneof(oneOf('postpone' as const, 'reply' as const), next, timeout);
  const go = oneOf('keep', 'keep', 'repeat', ...STATES, ...STATES);
  const results = (ways: fc.Arbitrary<string>, acts: fc.Arbitrary<Action>) =>
    fc.array(fc.tuple(ways, few(acts)), { minLength: 1, maxLength: 2 });
  const named = fc.tuple(oneOf('cast', 'call', 'info', 'internal'), oneOf(...NAMES));
  const state = oneOf(...STATES);
  const often = fc.oneof({ weight: 30, arbitrary: go }, { weight: 1, arbitrary: fc.constant('stop') });
  const row = fc.tuple(fc.tuple(state, fc.oneof(named, oneOf(...TIMERS))), results(often, action));
  const enter = fc.tuple(fc.tuple(state, oneOf('enter')), results(oneOf('keep', 'keep', 'keep', 'repeat'), timeout));
  return fc
    .tuple(
      fc.boolean(),
      fc.tuple(state, few(fc.oneof(next, timeout))),
      fc.uniqueArray(row, { minLength: 15, maxLength: 40, selector: ([at]) => JSON.stringify(at) }),
      fc.uniqueArray(enter, { maxLength: 3, selector: ([at]) => JSON.stringify(at) }),
      fc.array(fc.tuple(oneOf<Kind>('cast', 'call', 'info'), oneOf(...NAMES)), { minLength: 1, maxLength: 8 }),
    )
    .map(([enters, first, rows, enterRows, burst]) => [enters, first, [...rows, ...enterRows], burst]);
}

/** So many machines, the same for the same seed. */
export function programs(count: number, seed: number): MachineProgram[] {
  return fc.sample(oneOf(...TIMERS).chain(machines), { numRuns: count, seed });
}

/** The machine as an Erlang term. */
export function termOf([enters, [state, actions], rows, burst]: MachineProgram): string {
  const acts = (all: readonly Action[]) => `[${all.map(tupleOf).join(',')}]`;
  const results = (all: readonly Result[]) => `[${all.map(([go, then]) => `{${go},${acts(then)}}`).join(',')}]`;
  const table = rows.map(([at, all]) => `{${tupleOf(at)},${results(all)}}`).join(',');
  return `{${enters},{${state},${acts(actions)}},[${table}],[${burst.map(tupleOf).join(',')}]}`;
}

function tupleOf(value: unknown): string {
  return Array.isArray(value) ? `{${value.map(tupleOf).join(',')}}` : String(value);
}

// ---- the same machine here

interface Content {
  readonly name: string;
  readonly k: number;
}
type Event = StatemEvent<string, Content, Content, Content>;
type Seen = { readonly seen: string };

const EVENTS_MAX = 40;
const REST_MS = 600;

/** What the machine sees and answers, as the Erlang side writes it. */
export function runHere(program: MachineProgram): string {
  const result = simulate({}, (context) => observe(context as Context<unknown>, program));
  return result.value;
}

/** The machine does not run before all messages are there: nobody has waited yet. */
function* observe(context: Context<unknown>, program: MachineProgram): Effects<string> {
  const machine = context.spawn(machineOf(program, context.self) as never, []) as unknown as ServerPid<
    never,
    Content,
    Content
  >;
  const asked = program[3].map(([kind, name], index) => {
    const content = { name, k: index + 1 };
    if (kind === 'call') return sendRequest(context, machine, content as never);
    if (kind === 'cast') cast(context, machine, content);
    else context.send(machine, content);
    return null;
  });
  const lines: string[] = [];
  for (;;) {
    const message = yield* receive<Seen>(null, { afterMs: REST_MS });
    if (message === TIMEOUT) return lines.join(';');
    const index = asked.findIndex((each) => each !== null && checkResponse(message, each) !== undefined);
    const pending = asked[index];
    if (pending == null) lines.push(message.seen);
    else {
      const response = checkResponse<unknown>(message, pending);
      if (response?.ok === true) lines.push(`${index + 1} answered ${response.value}`);
    }
  }
}

function machineOf([enters, [first, actions], rows]: MachineProgram, test: Pid<unknown>) {
  const table = new Map(rows.map(([at, results]) => [String(at), results]));
  return genStatem({
    stateEnter: enters,
    init: () =>
      startIn(
        first,
        0,
        actions.flatMap((action) => actionOf(action, 0, null)),
      ),
    handleEvent(event: Event, state: string, n: number, context): StatemResult<string, number> {
      context.send(test, { seen: `${state} ${shown(event)}` });
      const results = n < EVENTS_MAX ? table.get(`${state},${keyOf(event)}`) : undefined;
      if (results === undefined) return keepState(n + 1);
      const [go, todo] = results[n % results.length];
      return resultOf(
        go,
        n + 1,
        todo.flatMap((action) => actionOf(action, n, event)),
      );
    },
    terminate: (_reason, state, _data, context) => context.send(test, { seen: `${state} ends` }),
  });
}

function resultOf(go: string, data: number, actions: readonly StatemAction[]): StatemResult<string, number> {
  if (go === 'keep') return keepState(data, actions as Actions);
  if (go === 'repeat') return repeatState(data, actions as Actions);
  if (go !== 'stop') return nextState(go, data, actions as Actions);
  const replies = actions.filter((action) => action.do === 'reply');
  return stopAndReply('done', replies, data);
}

function actionOf(action: Action, n: number, event: Event | null): StatemAction[] {
  if (action === 'postpone') return [postpone()];
  if (action === 'reply') return event?.type === 'call' ? [answer(event.from, n)] : [];
  if (action.length === 3) {
    const content = { name: action[2], k: n };
    return [nextEvent(action[1] === 'cast' ? { type: 'cast', message: content } : { type: 'internal', content })];
  }
  const ms = action[1] === 'infinity' ? Number.POSITIVE_INFINITY : action[1];
  if (action[0] === 'st') return [stateTimeout(ms, n)];
  return [action[0] === 'et' ? eventTimeout(ms, n) : namedTimeout(action[0], ms, n)];
}

/** The event's name, and what it carries. */
function partsOf(event: Event): readonly [key: string, content: Content | null, n: unknown] {
  if (event.type === 'enter') return ['enter', null, event.from];
  if (event.type === 'timeout') return [event.name, null, event.content];
  if (event.type === 'internal') return ['internal', event.content as Content, null];
  if (event.type === 'call') return ['call', event.request, null];
  if ('message' in event) return [event.type, event.message as Content, null];
  return [event.type === 'stateTimeout' ? 'st' : 'et', null, event.content];
}

function keyOf(event: Event): string {
  const [key, content] = partsOf(event);
  return content === null ? key : `${key},${content.name}`;
}

function shown(event: Event): string {
  const [key, content, n] = partsOf(event);
  return content === null ? `${key} ${n}` : `${key} ${content.name} ${content.k}`;
}
