// B19, B23 and B28 as laws: alarms that come and go each alone, operations allowed exactly where all that they need is
// granted, and policies that change at any time and leave what they would have made from the beginning.
import fc from 'fast-check';
import { type AccessRecords, authorize, type Operation } from '../../src/broker/access/index.ts';
import { type Alarm, alarmsOf, setAlarm } from '../../src/broker/alarms/index.ts';
import {
  applyEvent,
  emptyTables,
  type MetadataEvent,
  NO_FIELDS,
  type Policy,
  type QueueRecord,
  type Tables,
} from '../../src/broker/index.ts';

// ---- B19

const ALARMS: readonly Alarm[] = ['memory', 'heap', 'diskLow'];
export const alarmRuns = fc.array(fc.tuple(fc.constantFrom(...ALARMS), fc.boolean()), { maxLength: 12 });

/** Takes the alarms through the steps; throws when others are on than should be. */
export function checkAlarms(steps: readonly (readonly [Alarm, boolean])[], set: typeof setAlarm = setAlarm): void {
  const words = new Int32Array(16);
  const on = new Set<Alarm>();
  for (const [alarm, isOn] of steps) {
    set(words, alarm, isOn);
    if (isOn) on.add(alarm);
    else on.delete(alarm);
    const expected = ALARMS.filter((each) => on.has(each)).join();
    const found = ALARMS.filter((each) => alarmsOf(words).includes(each)).join();
    if (found !== expected) throw new Error(`B19 the alarms are '${found}', not '${expected}'`);
  }
}

/** The end of one is the end of all. */
export const endsAll: typeof setAlarm = (words, alarm, isOn) => {
  if (!isOn) for (const each of ALARMS) setAlarm(words, each, false);
  return setAlarm(words, alarm, isOn);
};

// ---- B23

const PERMISSIONS = ['configure', 'write', 'read'] as const;
/** Operations and what each needs, by hand. */
const NEEDS: readonly (readonly [Operation, readonly (typeof PERMISSIONS)[number][]])[] = [
  [{ do: 'declareExchange', exchange: 'e', alternate: null }, ['configure']],
  [{ do: 'declareExchange', exchange: 'e', alternate: 'f' }, ['configure', 'write', 'read']],
  [{ do: 'declareQueue', queue: 'q', deadLetter: 'e' }, ['configure', 'write', 'read']],
  [{ do: 'deleteQueue', queue: 'q' }, ['configure']],
  [{ do: 'get', queue: 'q' }, ['read']],
  [{ do: 'bind', source: 'e', destination: { on: 'queue', name: 'q' }, topic: null }, ['write', 'read']],
  [{ do: 'publish', exchange: 'e', topic: null }, ['write']],
];
export const accessRuns = fc.tuple(fc.nat(NEEDS.length - 1), fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()));

/** Throws when an operation is allowed without all that it needs, or refused with it. */
export function checkAccessMatrix(
  [index, granted]: readonly [number, readonly boolean[]],
  decide: typeof authorize = authorize,
): void {
  const [operation, needs] = NEEDS[index];
  const rights = Object.fromEntries(PERMISSIONS.map((each, place) => [each, granted[place] ? '.*' : '']));
  const permissions = [{ user: 'u', vhost: 'v', ...(rights as Record<(typeof PERMISSIONS)[number], string>) }];
  const access: AccessRecords = { vhosts: [], users: [], permissions, topicPermissions: [] };
  const isAllowed = decide(access, 'u', 'v', operation) === null;
  const isRight = needs.every((need) => granted[PERMISSIONS.indexOf(need)]);
  if (isAllowed !== isRight) throw new Error(`B23 ${operation.do} is ${isAllowed ? 'allowed' : 'refused'}`);
}

/** Looks at the first thing only that an operation needs. */
export const forgetsTheRest: typeof authorize = (access, user, vhost, operation) => {
  if (operation.do === 'declareExchange') return authorize(access, user, vhost, { ...operation, alternate: null });
  if (operation.do === 'declareQueue') return authorize(access, user, vhost, { ...operation, deadLetter: null });
  return authorize(access, user, vhost, operation);
};

// ---- B28

const record: QueueRecord = {
  id: 1,
  vhost: '/',
  name: 'jobs',
  durable: false,
  autoDelete: false,
  owner: null,
  arguments: NO_FIELDS,
  slot: -1,
};
const policy: fc.Arbitrary<Policy> = fc.record({
  vhost: fc.constant('/'),
  name: fc.constantFrom('a', 'b'),
  pattern: fc.constantFrom('^jobs$', 'none', ''),
  applyTo: fc.constant('queues' as const),
  priority: fc.nat(2),
  definition: fc.record({ 'max-length': fc.nat(3) }),
  isOperator: fc.boolean(),
});
export const policyRuns = fc.array(fc.tuple(policy, fc.boolean()), { maxLength: 8 });

/** Throws when policies that came and went leave another limit than those that are left. */
export function checkPolicies(
  steps: readonly (readonly [Policy, boolean])[],
  apply: typeof applyEvent = applyEvent,
): void {
  const left = new Map<string, Policy>();
  const tables = started();
  for (const [each, isSet] of steps) {
    const { vhost, name, isOperator } = each;
    const event: MetadataEvent = isSet
      ? { tag: 'policySet', policy: each }
      : { tag: 'policyDeleted', key: { vhost, name, isOperator } };
    apply(tables, event);
    if (isSet) left.set(`${name} ${isOperator}`, each);
    else left.delete(`${name} ${isOperator}`);
  }
  const anew = started();
  for (const each of left.values()) applyEvent(anew, { tag: 'policySet', policy: each });
  const [found, expected] = [tables, anew].map((each) => limitIn(each));
  if (found !== expected) throw new Error(`B28 the limit is ${found}, not ${expected}`);
}

function started(): Tables {
  const tables = emptyTables();
  applyEvent(tables, { tag: 'vhostAdded', vhost: '/' });
  applyEvent(tables, { tag: 'queueDeclared', record });
  return tables;
}

function limitIn(tables: Tables): string {
  return String(tables.effectiveArguments(record).get('x-max-length')?.value);
}

/** A policy that is deleted goes on. */
export const policiesStay: typeof applyEvent = (tables, event) =>
  event.tag === 'policyDeleted' ? [] : applyEvent(tables, event);
