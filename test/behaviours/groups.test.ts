// Process groups: PG-1. Several scope processes on one thread stand for those of several threads.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupScope } from '../../src/behaviours/group-scope.ts';
import { GroupTable } from '../../src/behaviours/group-table.ts';
import {
  demonitorGroups,
  GROUP_SCOPE,
  type GroupEvent,
  groupsOf,
  joinGroup,
  leaveGroup,
  localMembersOf,
  membersOf,
  monitorGroup,
  monitorScope,
  processGroups,
  startLink,
} from '../../src/behaviours/index.ts';
import {
  type Context,
  type Effects,
  isDown,
  isProcessAlive,
  receive,
  sleep,
  TIMEOUT,
} from '../../src/process/index.ts';
import { heal, loadModules, simulate } from '../../src/simulation/index.ts';
import { type AnyPid, Pid } from '../../src/term/index.ts';
import { libraryActor } from '../actors/library.ts';
import { play } from '../support/virtual-engine.ts';

function* begin(): Effects<void> {
  const started = yield* startLink(processGroups('s'));
  if (!started.ok) throw new Error('not started');
}

const isEvent = (message: unknown): message is GroupEvent => String((message as GroupEvent).tag).startsWith('group');

function sleeper(context: Context<unknown>): AnyPid {
  return context.spawn(function* () {
    yield* receive(() => false);
  });
}

describe('groups on one thread', () => {
  it('PG-1 members are seen as soon as the join has returned, without a message', () => {
    play(function* (context) {
      yield* begin();
      const other = sleeper(context);
      yield* joinGroup('s', 'room');
      yield* joinGroup('s', 'room', [other]);
      expect(membersOf(context, 's', 'room')).toEqual([context.self, other]);
      expect(localMembersOf(context, 's', 'room')).toEqual([context.self, other]);
      expect(groupsOf(context, 's')).toEqual(['room']);
      expect(membersOf(context, 's', 'nowhere')).toEqual([]);
    });
  });

  it('PG-1 a process may join several times, and has to leave as often', () => {
    play(function* (context) {
      yield* begin();
      yield* joinGroup('s', 'room', [context.self, context.self]);
      expect(membersOf(context, 's', 'room')).toHaveLength(2);
      expect(yield* leaveGroup('s', 'room')).toBe(true);
      expect(membersOf(context, 's', 'room')).toEqual([context.self]);
      expect(yield* leaveGroup('s', 'room', [context.self, context.self])).toBe(false);
      expect(membersOf(context, 's', 'room')).toEqual([context.self]);
      expect(yield* leaveGroup('s', 'room')).toBe(true);
      expect(yield* leaveGroup('s', 'room')).toBe(false);
      expect(groupsOf(context, 's')).toEqual([]);
    });
  });

  it('PG-1 the dead leave all their groups, as often as they had joined', () => {
    play(function* (context) {
      yield* begin();
      const other = sleeper(context);
      yield* joinGroup('s', 'a', [other, other, context.self]);
      yield* joinGroup('s', 'b', other);
      const ref = context.monitor(other);
      context.exit(other, 'kill');
      yield* receive((message) => isDown(message, ref));
      yield* sleep(1);
      expect(membersOf(context, 's', 'a')).toEqual([context.self]);
      expect(groupsOf(context, 's')).toEqual(['a']);
    });
  });

  it('PG-1 a watch begins with what there is, and is told of every join and leave', () => {
    play(function* (context) {
      yield* begin();
      yield* joinGroup('s', 'old');
      const scope = yield* monitorScope('s');
      const group = yield* monitorGroup('s', 'room');
      expect(scope.now).toEqual(new Map([['old', [context.self]]]));
      expect(group.now).toEqual(new Map([['room', []]]));
      const other = sleeper(context);
      yield* joinGroup('s', 'room', [other, other]);
      context.exit(other, 'kill');
      yield* sleep(1);
      yield* leaveGroup('s', 'old');
      const events: unknown[] = [];
      for (;;) {
        const event = yield* receive(isEvent, { afterMs: 0 });
        if (event === TIMEOUT) break;
        events.push([event.ref === scope.ref ? 'scope' : 'group', event.tag, event.group, event.pids.length]);
      }
      expect(events).toEqual([
        ['scope', 'groupJoin', 'room', 2],
        ['group', 'groupJoin', 'room', 2],
        ['scope', 'groupLeave', 'room', 2],
        ['group', 'groupLeave', 'room', 2],
        ['scope', 'groupLeave', 'old', 1],
      ]);
      expect(yield* demonitorGroups('s', scope.ref)).toBe(true);
      expect(yield* demonitorGroups('s', scope.ref)).toBe(false);
    });
  });

  it('PG-1 without a scope looking throws, joining fails with noproc; a restarted scope knows nobody', () => {
    play(function* (context) {
      expect(() => membersOf(context, 's', 'room')).toThrow(/a scope that runs on this thread/);
      const { ref } = context.spawnMonitor(function* () {
        yield* joinGroup('s', 'room');
      });
      expect(yield* receive((message) => isDown(message, ref))).toMatchObject({
        reason: { tag: 'call', reason: 'noproc' },
      });
      yield* begin();
      yield* joinGroup('s', 'room');
      context.exit(context.whereis('groups/s/0') as AnyPid, 'kill');
      yield* sleep(1);
      expect(membersOf(context, 's', 'room')).toEqual([]);
      yield* joinGroup('s', 'room');
      expect(membersOf(context, 's', 'room')).toEqual([context.self]);
    });
  });

  it('a message of a stranger is logged and dropped', () => {
    play(function* (context, engine) {
      yield* begin();
      for (const noise of ['hello', { tag: 'noise' }, null]) context.send('groups/s/0', noise);
      yield* joinGroup('s', 'room');
      expect(engine.logged('unexpected message')).toHaveLength(3);
    });
  });
});

describe('scope processes among each other', () => {
  it('PG-1 discover each other, tell what they have and what changes, and forget one that dies', () => {
    play(function* (context) {
      // The tables are looked at from inside: on one thread they share a name.
      const tableOf = (pid: AnyPid) => (context.kernel.locals.get(`table ${pid}`) ?? new GroupTable(pid)) as GroupTable;
      const scopes: AnyPid[] = [];
      for (const thread of [0, 7]) {
        const started = yield* startLink(groupScope, ['s'], { name: `groups/s/${thread}` });
        if (!started.ok) throw new Error('not started');
        scopes.push(started.pid);
        context.kernel.locals.set(`table ${started.pid}`, context.kernel.locals.get('groups/s') as object);
        if (thread === 0) yield* joinGroup('s', 'early');
      }
      yield* sleep(1);
      const [here, there] = scopes.map(tableOf);
      expect(there.members('early')).toEqual([context.self]);
      expect(there.local('early')).toEqual([]);
      // Asked a second time, it tells the same; who hears it again counts nobody twice.
      context.send(scopes[0] as Pid<unknown>, { tag: '$discover', from: scopes[1] });
      yield* sleep(1);
      expect(there.members('early')).toEqual([context.self]);
      const watch = yield* monitorScope('s');
      // A member that the other scope process has taken in.
      const member = sleeper(context);
      const alias = context.alias('reply');
      const request = { tag: 'join', group: 'late', pids: [member] };
      context.send(scopes[1] as Pid<unknown>, { tag: '$call', from: { alias, caller: context.self }, request });
      yield* sleep(1);
      expect(here.members('late')).toEqual([member]);
      expect(here.local('late')).toEqual([]);
      context.trapExit(true);
      context.exit(scopes[1], 'kill');
      yield* sleep(1);
      expect(here.members('late')).toEqual([]);
      expect(here.members('early')).toEqual([context.self]);
      const events: unknown[] = [];
      for (;;) {
        const event = yield* receive(isEvent, { afterMs: 0 });
        if (event === TIMEOUT) break;
        expect(event.ref).toBe(watch.ref);
        events.push([event.tag, event.group]);
      }
      expect(events).toEqual([
        ['groupJoin', 'late'],
        ['groupLeave', 'late'],
      ]);
    });
  });
});

describe('GroupTable', () => {
  it('PG-1 agrees with a naive multiset under any joins, leaves and replacements', () => {
    const origin = { node: 'n', thread: 0, incarnation: 1 };
    const pids = [1, 2, 3].map((serial) => new Pid(origin, serial) as AnyPid);
    const owners = [10, 11].map((serial) => new Pid(origin, serial) as AnyPid);
    const somePids = fc.array(fc.constantFrom(...pids), { maxLength: 3 });
    const someGroup = fc.constantFrom('a', 'b');
    const someOwner = fc.constantFrom(...owners);
    const command = fc.oneof(
      fc.record({ do: fc.constantFrom('join', 'leave'), owner: someOwner, group: someGroup, pids: somePids }),
      fc.record({ do: fc.constant('replace'), owner: someOwner, group: someGroup, pids: somePids }),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 20 }), (commands) => {
        const table = new GroupTable(owners[0]);
        const model = new Map<string, AnyPid[]>();
        const keyOf = (owner: AnyPid, group: string) => `${owner} ${group}`;
        for (const each of commands) {
          const key = keyOf(each.owner, each.group);
          const list = model.get(key) ?? [];
          if (each.do === 'join') {
            table.join(each.owner, each.group, each.pids);
            model.set(key, [...list, ...each.pids]);
          } else if (each.do === 'leave') {
            const left = [...list];
            const canLeave = each.pids.every((pid) => {
              const at = left.indexOf(pid);
              if (at >= 0) left.splice(at, 1);
              return at >= 0;
            });
            expect(table.has(each.owner, each.group, each.pids)).toBe(canLeave);
            if (!canLeave) continue;
            table.leave(each.owner, each.group, each.pids);
            model.set(key, left);
          } else {
            table.replace(each.owner, new Map(each.pids.length === 0 ? [] : [[each.group, each.pids]]));
            for (const group of ['a', 'b'])
              model.set(keyOf(each.owner, group), group === each.group ? [...each.pids] : []);
          }
        }
        for (const group of ['a', 'b']) {
          const expected = owners.flatMap((owner) => model.get(keyOf(owner, group)) ?? []);
          expect(table.members(group).map(String).toSorted()).toEqual(expected.map(String).toSorted());
          expect(table.local(group).length).toBe((model.get(keyOf(owners[0], group)) ?? []).length);
        }
        expect([...table.groups()].every((group) => table.members(group).length > 0)).toBe(true);
      }),
    );
  });
});

const modules = await loadModules(libraryActor('').module, GROUP_SCOPE.module);

interface Seen {
  readonly thread: number;
  readonly all: readonly AnyPid[] | null;
  readonly local: readonly AnyPid[];
}

describe('scopes on several threads, with crashes, dead threads and slow links', () => {
  it('PG-1 in the end every thread knows the same members: those that each thread has, all of them alive', () => {
    let members = 0;
    let losses = 0;
    fc.assert(
      fc.property(
        fc.array(fc.nat(2), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1 }),
        fc.boolean(),
        (joins, seed, isFaulty) => {
          const faults = isFaulty ? { crashes: 2, threadDeaths: 1, delays: 2, partitions: 1 } : {};
          const options = { seed, strategy: 'portfolio', stepsMax: 50_000, threads: 2, modules, faults } as const;
          const seen = simulate(options, function* (context): Effects<Seen[]> {
            context.trapExit(true);
            const started = yield* startLink(processGroups('s', { threads: [0, 1, 2], intensity: 100 }));
            if (!started.ok) return [];
            for (const thread of joins) {
              context.spawn(libraryActor('groupMember'), [context.self, 's', 'room'], { placement: { thread } });
              yield* sleep(1);
            }
            // Nothing more goes wrong; long enough for every retry.
            heal(context);
            yield* sleep(10_000);
            yield* receive(() => false, { afterMs: 0 });
            const told: Seen[] = [];
            for (const thread of [0, 1, 2]) {
              context.spawn(libraryActor('groupReader'), [context.self, 's', 'room'], { placement: { thread } });
              told.push((yield* receive((message) => 'all' in (message as object))) as Seen);
            }
            for (const { all } of told)
              for (const pid of all ?? []) expect(yield* isProcessAlive(pid as Pid<never>)).toBe(true);
            return told;
          }).value;
          // The supervisor itself, or a scope in the last moment, may have crashed.
          if (seen.length < 3 || seen.some(({ all }) => all === null)) return;
          const texts = seen.map(({ all }) => (all ?? []).map(String).toSorted());
          const locals = seen.flatMap(({ local }) => local.map(String)).toSorted();
          expect(texts).toEqual([locals, locals, locals]);
          if (!isFaulty) expect(locals.length).toBe(joins.length);
          members += locals.length;
          losses += joins.length - locals.length;
        },
      ),
      { numRuns: 100 },
    );
    expect(members).toBeGreaterThan(50);
    expect(losses).toBeGreaterThan(0);
  });
});
