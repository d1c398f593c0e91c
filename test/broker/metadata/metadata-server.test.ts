// The metadata server with its replica and real queues on one virtual thread: digest 5 and 6, DESIGN decisions 12, 14.
import { describe, expect, it } from 'vitest';
import { startChild, terminateChild, whichChildren } from '../../../src/behaviours/index.ts';
import {
  catchUp,
  deleteExchange,
  deleteExclusiveQueues,
  enterVhost,
  isBehind,
  logIn,
  METADATA_NAME,
  type PlaceNotice,
  queuesName,
  tellPlace,
  unbindQueue,
} from '../../../src/broker/index.ts';
import { VERSION_WORD } from '../../../src/broker/metadata/words.ts';
import { isDown, isProcessAlive, receive, sleep, TIMEOUT } from '../../../src/process/index.ts';
import type { AnyPid } from '../../../src/term/index.ts';
import { ask, bind, connectionOf, exchange, playBroker, queue, refusalOf, routed, value } from './broker-engine.ts';

const isPlace = (message: unknown): message is PlaceNotice => (message as PlaceNotice).tag === 'place';

describe('queue.declare', () => {
  it('starts an actor, and the replica knows its place once the answer is there', () => {
    playBroker(function* (tools) {
      const record = value(yield* queue(tools, { durable: true }));
      expect(record).toMatchObject({ vhost: '/', name: 'jobs', durable: true, owner: null, slot: 0 });
      expect(tools.replica.tables.queueByName('/', 'jobs')).toEqual(record);
      expect(tools.replica.tables.placeOf(record.id)?.epoch).toBe(1);
      expect(yield* ask(tools, record.id, { tag: 'counts', isUse: true })).toEqual({ ready: 0, consumers: 0 });
      expect(routed(tools, '', 'jobs')).toEqual([record.id]);
    });
  });

  it('answers an equivalent declaration with the same queue, and refuses another with 406', () => {
    playBroker(function* (tools) {
      const record = value(yield* queue(tools, {}));
      expect(value(yield* queue(tools, {})).id).toBe(record.id);
      expect(refusalOf(yield* queue(tools, { durable: true }))).toBe(
        "406 inequivalent arg 'durable' for queue 'jobs' in vhost '/': received 'true' but current is 'false'",
      );
    });
  });

  it('names a queue amq.gen- and 22 characters', () => {
    playBroker(function* (tools) {
      expect(value(yield* queue(tools, { name: '' })).name).toBe(`amq.gen-${'x'.repeat(22)}`);
      expect(refusalOf(yield* queue(tools, { name: '', passive: true }))).toBe("404 no queue '' in vhost '/'");
    });
  });

  it('checks the arguments of a new queue and of a server-named one, and starts nothing for a bad one', () => {
    playBroker(function* (tools) {
      const args = new Map([['x-expires', { type: 'signedint', value: 0 } as const]]);
      for (const name of ['jobs', '']) {
        expect(refusalOf(yield* queue(tools, { name, arguments: args }))).toContain('{value_zero,0}');
      }
      expect(yield* whichChildren(queuesName(0))).toEqual([]);
    });
  });

  it('makes one queue out of two declarations at the same time, and both get it', () => {
    playBroker(function* (tools) {
      const { context } = tools;
      const ids: number[] = [];
      const refs = [0, 1].map(
        () =>
          context.spawnMonitor(function* declares() {
            ids.push(value(yield* queue(tools, {})).id);
          }).ref,
      );
      for (const ref of refs) yield* receive((message) => isDown(message, ref));
      expect(ids).toEqual([ids[0], ids[0]]);
      expect(yield* whichChildren(queuesName(0))).toHaveLength(1);
    });
  });

  it('an actor that cannot start is a 541, not silence, and the name stays free', () => {
    playBroker(function* (tools) {
      const { queueServer } = tools.engine.code;
      delete tools.engine.code.queueServer;
      expect(refusalOf(yield* queue(tools, {}))).toMatch(/^541/);
      tools.engine.code.queueServer = queueServer;
      expect(value(yield* queue(tools, {})).name).toBe('jobs');
    });
  });
});

describe('exclusive queues', () => {
  it('are for their own connection: declare, passive declare and bind of others get 405', () => {
    playBroker(function* (tools) {
      value(yield* exchange(tools, {}));
      value(yield* queue(tools, { exclusive: true, connection: connectionOf(tools) }));
      for (const passive of [false, true]) {
        expect(refusalOf(yield* queue(tools, { passive }))).toMatch(/^405 cannot obtain exclusive access to locked/);
      }
      expect(refusalOf(yield* bind(tools, {}))).toMatch(/^405/);
    });
  });

  it('are gone from every replica, with their actors, when the connection has closed', () => {
    playBroker(function* (tools) {
      const connection = connectionOf(tools);
      const { id } = value(yield* queue(tools, { exclusive: true, connection }));
      const other = value(yield* queue(tools, { name: 'other' }));
      const pid = tools.replica.tables.placeOf(id)?.pid as AnyPid;
      yield* deleteExclusiveQueues(connection);
      yield* catchUp(tools.context, tools.replica);
      expect(tools.replica.tables.queueById(id)).toBeUndefined();
      expect(tools.replica.tables.queueById(other.id)).toEqual(other);
      expect(yield* isProcessAlive(pid)).toBe(false);
    });
  });

  it('go with a connection that dies', () => {
    playBroker(function* (tools) {
      const connection = connectionOf(tools);
      const { id } = value(yield* queue(tools, { exclusive: true, connection }));
      tools.context.exit(connection, 'kill');
      yield* sleep(1);
      expect(tools.replica.tables.queueById(id)).toBeUndefined();
      expect(yield* whichChildren(queuesName(0))).toEqual([]);
    });
  });
});

describe('exchanges and bindings', () => {
  it('bind, route, unbind and delete are seen by the replica', () => {
    playBroker(function* (tools) {
      const { context, replica } = tools;
      value(yield* exchange(tools, {}));
      const { id } = value(yield* queue(tools, {}));
      value(yield* bind(tools, { routingKey: 'a.*' }));
      expect(routed(tools, 'news', 'a.b')).toEqual([id]);
      const binding = { vhost: '/', exchange: 'news', queue: 'jobs', routingKey: 'a.*', arguments: new Map() };
      value(yield* unbindQueue(replica, { ...binding, connection: context.self }));
      yield* catchUp(context, replica);
      expect(routed(tools, 'news', 'a.b')).toEqual([]);
      value(yield* deleteExchange(replica, { vhost: '/', name: 'news', ifUnused: true }));
      yield* catchUp(context, replica);
      expect(replica.tables.exchange('/', 'news')).toBeUndefined();
    });
  });

  it('a binding to a missing exchange is 404, one to a missing queue too, the exchange first', () => {
    playBroker(function* (tools) {
      expect(refusalOf(yield* bind(tools, {}))).toBe("404 no exchange 'news' in vhost '/'");
      value(yield* exchange(tools, {}));
      expect(refusalOf(yield* bind(tools, {}))).toBe("404 no queue 'jobs' in vhost '/'");
    });
  });

  it('an auto-delete exchange goes with the queue at the end of its last binding', () => {
    playBroker(function* (tools) {
      value(yield* exchange(tools, { autoDelete: true }));
      const { id } = value(yield* queue(tools, {}));
      value(yield* bind(tools, {}));
      expect(yield* ask(tools, id, { tag: 'delete', ifUnused: false, ifEmpty: false })).toEqual({ ok: true, value: 0 });
      yield* catchUp(tools.context, tools.replica);
      expect(tools.replica.tables.exchange('/', 'news')).toBeUndefined();
      expect(refusalOf(yield* exchange(tools, { passive: true }))).toMatch(/^404/);
    });
  });
});

describe('the replica', () => {
  it('is behind from the moment of a change until it has caught up', () => {
    playBroker(function* (tools) {
      const { context, replica } = tools;
      const { version } = replica;
      value(yield* exchange(tools, {}));
      expect(isBehind(context, replica)).toBe(false);
      expect(replica.version).toBe(version + 1);
      expect(context.env.words[VERSION_WORD]).toBe(version + 1);
      // As if another thread had changed something and its event were still on the way.
      Atomics.add(context.env.words, VERSION_WORD, 1);
      expect(isBehind(context, replica)).toBe(true);
      let hasCaughtUp = false;
      context.spawn(function* waits() {
        yield* catchUp(context, replica);
        hasCaughtUp = true;
      });
      yield* sleep(1);
      expect(hasCaughtUp).toBe(false);
      value(yield* exchange(tools, { name: 'more' }));
      yield* sleep(1);
      expect(hasCaughtUp).toBe(true);
    });
  });

  it('comes back after a crash with the same tables, as the same object', () => {
    playBroker(function* (tools) {
      const { context, replica } = tools;
      const { id } = value(yield* queue(tools, {}));
      context.exit(replica.pid, 'kill');
      yield* sleep(1);
      value(yield* queue(tools, { name: 'later' }));
      expect(replica.tables.queueById(id)?.name).toBe('jobs');
      expect(replica.tables.queueByName('/', 'later')).toBeDefined();
    });
  });

  it('tells the place of a queue whose actor came back, and null for one that is deleted', () => {
    playBroker(function* (tools) {
      const { context, replica } = tools;
      const { id } = value(yield* queue(tools, {}));
      const place = replica.tables.placeOf(id);
      tellPlace(context, replica, id, 1);
      expect(yield* receive(isPlace, { afterMs: 10 })).toBe(TIMEOUT);
      context.exit(place?.pid as AnyPid, 'kill');
      const notice = yield* receive(isPlace);
      expect(notice.place?.epoch).toBe(2);
      expect(notice.place?.pid).not.toBe(place?.pid);
      tellPlace(context, replica, id, 2);
      yield* ask(tools, id, { tag: 'delete', ifUnused: false, ifEmpty: false });
      expect((yield* receive(isPlace)).place).toBeNull();
    });
  });
});

describe('crashes', () => {
  it('a metadata server that crashes comes back with queues, exchanges and the version it had', () => {
    playBroker(function* (tools) {
      const { context, replica } = tools;
      value(yield* exchange(tools, {}));
      const { id } = value(yield* queue(tools, {}));
      value(yield* bind(tools, {}));
      const { version } = replica;
      context.exit(context.whereis(METADATA_NAME) as AnyPid, 'kill');
      yield* sleep(1);
      expect(replica.version).toBe(version);
      expect(routed(tools, 'news', 'any')).toEqual([id]);
      expect(yield* ask(tools, id, { tag: 'counts', isUse: false })).toEqual({ ready: 0, consumers: 0 });
      expect(value(yield* queue(tools, { name: 'next' })).id).toBe(id + 1);
    });
  });

  it('queues whose supervisor was replaced are started again', () => {
    playBroker(function* (tools) {
      const { context, replica } = tools;
      const { id } = value(yield* queue(tools, {}));
      context.exit(context.whereis(queuesName(0)) as AnyPid, 'kill');
      yield* sleep(100);
      expect(replica.tables.placeOf(id)?.epoch).toBe(2);
      expect(yield* ask(tools, id, { tag: 'counts', isUse: false })).toEqual({ ready: 0, consumers: 0 });
      expect(yield* whichChildren(queuesName(0))).toHaveLength(1);
    });
  });

  it('an actor of a queue that was deleted while it was away vanishes', () => {
    playBroker(function* (tools) {
      const record = value(yield* queue(tools, {}));
      const start = {
        body: { module: 'virtual:test', export: 'queueServer' },
        args: [{ ...record, id: 99, slot: -1 }],
      };
      const started = yield* startChild(queuesName(0), { start, restart: 'transient' });
      yield* sleep(1);
      expect(started.ok && (yield* isProcessAlive(started.pid as never))).toBe(false);
      yield* terminateChild(queuesName(0), tools.replica.tables.placeOf(record.id)?.pid as AnyPid);
    });
  });
});

describe('logging in', () => {
  it('takes guest from the machine itself only, and knows one vhost', () => {
    playBroker(function* (tools) {
      const guest = { user: 'guest', password: 'guest' };
      for (const host of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
        expect(yield* logIn(guest, host)).toBe(true);
      for (const host of ['10.0.0.1', '::2', '128.0.0.1', '127.0.0.1.example'])
        expect(yield* logIn(guest, host)).toBe(false);
      expect(yield* logIn({ user: 'guest', password: 'guess' }, '127.0.0.1')).toBe(false);
      expect(yield* logIn({ user: 'guest', password: 'guestguest' }, '127.0.0.1')).toBe(false);
      expect(yield* logIn({ user: 'nobody', password: '' }, '127.0.0.1')).toBe(false);
      const connection = connectionOf(tools);
      expect(yield* enterVhost(connection, 'guest', '/')).toBe(null);
      expect(yield* enterVhost(connection, 'guest', '')).toBe('vhost  not found');
      const refused = "access to vhost '/' refused for user 'nobody'";
      expect(yield* enterVhost(connection, 'nobody', '/')).toBe(refused);
    });
  });
});
