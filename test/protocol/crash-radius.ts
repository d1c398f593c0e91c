// What a crash may touch (DESIGN decisions 11 and 12), over real sockets: clients under traffic, a process or a thread
// killed again and again, and a checker that says what anybody else noticed. Bodies for the fast and the long suite.
import { connect } from 'amqplib';
import { expect } from 'vitest';
import { MESSAGES_LOST } from '../../src/broker/index.ts';
import { type Broker, startBroker } from '../../src/broker.ts';
import type { Logger, LogLevel } from '../../src/env/index.ts';
import type { AnyPid } from '../../src/term/index.ts';
import type { ThreadsEngine } from '../../src/threads/index.ts';
import { connectionProcesses, queueProcesses } from '../support/broker-processes.ts';
import { Inbox } from '../support/inbox.ts';
import { summaryOf } from '../support/queue-checker.ts';
import { type ClientPlan, Traffic, TrafficClient } from '../support/traffic.ts';

const QUEUES = ['q0', 'q1', 'q2', 'q3'];
const CLIENTS = 8;
/** Deliveries between two kills, so that each finds traffic in full swing. */
const PROGRESS = 40;
/** Publishes of which some are on their way when the thread dies. */
const BURST = 2_000;

interface LogLine {
  readonly level: LogLevel;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A broker on two data threads with its queues and its log. */
interface Stage {
  readonly broker: Broker;
  readonly engine: ThreadsEngine;
  readonly log: readonly LogLine[];
  /** A number from 0 up to but not `below`; the same ones in every run. */
  readonly random: (below: number) => number;
}

async function onStage(body: (stage: Stage) => Promise<void>): Promise<void> {
  const log: LogLine[] = [];
  const logger: Logger = { log: (level, event, data = {}) => void log.push({ level, event, data }) };
  await using broker = await startBroker({ amqpPort: 0, threads: 2, logger });
  const admin = await connect(broker.url);
  const channel = await admin.createChannel();
  for (const queue of QUEUES) await channel.assertQueue(queue, { durable: true });
  await admin.close();
  await body({ broker, engine: broker.system.engine as ThreadsEngine, log, random: randomNumbers(7) });
}

/** A small linear generator: kills differ from each other, not from run to run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Clients by the supervisor of their connection. */
type Owners = Map<AnyPid, TrafficClient>;

/** Connects a client and finds out which connection of the broker is its own. */
async function join(stage: Stage, traffic: Traffic, owners: Owners, plan: ClientPlan): Promise<TrafficClient> {
  const before = new Set((await connectionProcesses(stage.broker)).map(({ tree }) => tree));
  const client = await TrafficClient.connect(stage.broker.url, traffic, plan);
  const added = (await connectionProcesses(stage.broker)).filter(({ tree }) => !before.has(tree));
  expect(added).toHaveLength(1);
  owners.set(added[0].tree, client);
  return client;
}

const planOf = (name: string, place: number): ClientPlan => ({
  name,
  consumes: [QUEUES[place % QUEUES.length]],
  publishesTo: QUEUES,
});

/** Kills channels: exactly the connection of each closes with 541, and nobody else notices anything. */
export async function killChannels(kills: number): Promise<void> {
  await onStage(async (stage) => {
    const traffic = new Traffic();
    const owners: Owners = new Map();
    const clients: TrafficClient[] = [];
    const dead = new Set<string>();
    for (let place = 0; place < CLIENTS; place++) {
      clients.push(await join(stage, traffic, owners, planOf(`c${place}`, place)));
    }
    for (const client of clients) await client.start();
    for (let kill = 0; kill < kills; kill++) {
      await traffic.progress(PROGRESS);
      const channels = (await connectionProcesses(stage.broker)).flatMap(({ tree, channels: pids }) =>
        pids.map((pid) => ({ pid, owner: owners.get(tree) })),
      );
      const { pid, owner } = channels[stage.random(channels.length)];
      if (owner === undefined) throw new Error('a channel that no client opened');
      stage.broker.system.exit(pid, 'kill');
      await traffic.until(() => owner.isOver, `the end of ${owner.name}`);
      expect(traffic.ends[kill]).toMatchObject({ client: owner.name, code: 541 });
      dead.add(owner.name);
      const place = clients.indexOf(owner);
      clients[place] = await (await join(stage, traffic, owners, planOf(`c${place}.${kill}`, place))).start();
    }
    await traffic.progress(PROGRESS);
    const report = await traffic.finish(clients, { deadPublishers: dead, deadConsumers: dead });
    expect(summaryOf(report)).toEqual([]);
    // Otherwise nothing was there to be lost or repeated.
    expect(report.repeated).toBeGreaterThan(0);
    expect([traffic.ends.length, traffic.channelErrors]).toEqual([kills, []]);
    for (const client of clients) await client.close();
  });
}

/** Kills queues: what was ready stays, what was unacknowledged comes again in place, and clients notice nothing else. */
export async function killQueues(kills: number, inARow = 2): Promise<void> {
  await onStage(async (stage) => {
    const traffic = new Traffic();
    const clients: TrafficClient[] = [];
    // One consumer for each queue sees the order of all of it; the others only publish.
    for (let place = 0; place < CLIENTS; place++) {
      const consumes = place < QUEUES.length ? [QUEUES[place]] : [];
      const plan = { name: `c${place}`, consumes, publishesTo: QUEUES };
      clients.push(await TrafficClient.connect(stage.broker.url, traffic, plan));
    }
    for (const client of clients) await client.start();
    const killed = new Set<string>();
    const actors = new Set<AnyPid>();
    for (let kill = 0; kill < kills; kill++) {
      // Some come in a row, so that actors die while channels are still coming back to them.
      if (kill % (2 * inARow) <= inARow) await traffic.progress(PROGRESS);
      const queues = await queueProcesses(stage.broker);
      const { name, pid } = queues[stage.random(queues.length)];
      stage.broker.system.exit(pid, 'kill');
      killed.add(name);
      actors.add(pid);
    }
    await traffic.progress(PROGRESS);
    const report = await traffic.finish(clients, { crashedQueues: killed });
    expect(summaryOf(report)).toEqual([]);
    expect(report.repeated).toBeGreaterThan(0);
    expect([traffic.ends, traffic.channelErrors]).toEqual([[], []]);
    const epochs = (await queueProcesses(stage.broker)).map(({ epoch }) => epoch - 1);
    expect(epochs.reduce((sum, crashes) => sum + crashes)).toBe(actors.size);
    expect(actors.size).toBeGreaterThan(kills / 2);
    for (const client of clients) await client.close();
  });
}

/** Kills data threads: its connections drop and its queues are empty; the traffic of the other thread goes on. */
export async function killThreads(kills: number): Promise<void> {
  await onStage(async (stage) => {
    const seen = { nacked: 0, emptied: 0, survivors: 0 };
    for (let kill = 0; kill < kills; kill++) await killThread(stage, kill, seen);
    expect(seen.nacked).toBeGreaterThan(0);
    expect(seen.survivors).toBeGreaterThan(0);
    const losses = stage.log.filter(({ event }) => event === 'messages lost with a thread');
    expect(losses.length).toBeGreaterThan(0);
    expect(losses.length).toBeLessThanOrEqual(kills);
    for (const { level, data } of losses) {
      expect(level).toBe('warning');
      expect(data.messages).toBeGreaterThan(0);
    }
    const lost = losses.reduce((sum, { data }) => sum + (data.messages as number), 0);
    expect(stage.broker.system.metrics()[MESSAGES_LOST]).toBe(lost);
  });
}

async function killThread(
  stage: Stage,
  kill: number,
  seen: { nacked: number; emptied: number; survivors: number },
): Promise<void> {
  const { broker, engine } = stage;
  const traffic = new Traffic();
  const owners: Owners = new Map();
  await traffic.until(() => engine.info().every(({ isUp }) => isUp), 'all threads up');
  const clients: TrafficClient[] = [];
  for (let place = 0; place < CLIENTS; place++) {
    clients.push(await join(stage, traffic, owners, planOf(`k${kill}.c${place}`, place)));
  }
  for (const client of clients) await client.start();
  await traffic.progress(PROGRESS);
  const thread = engine.threads[stage.random(engine.threads.length)];
  const queues = await queueProcesses(broker);
  const emptied = new Set(queues.filter(({ pid }) => pid.origin.thread === thread).map(({ name }) => name));
  const own = [...owners].filter(([tree]) => tree.origin.thread === thread).map(([, client]) => client);
  const others = clients.filter((client) => !own.includes(client));
  engine.kill(thread);
  await traffic.until(() => own.every((client) => client.isOver), 'the connections of the dead thread are gone');
  // The others go on, consumers of its queues among them: these get what is published after the thread's death.
  const since = traffic.history.length;
  const theirs = new Set(others.flatMap((client) => client.consumes));
  const isServed = (queue: string) =>
    traffic.history.slice(since).some((seen) => seen.op === 'deliver' && seen.queue === queue);
  await traffic.until(() => [...theirs].every(isServed), `deliveries from all of ${[...theirs]}`);
  if (others.length > 0) await traffic.progress(PROGRESS);
  const dead = new Set(own.map(({ name }) => name));
  // New clients take what nobody is left to consume, on the new thread or the other one.
  await traffic.until(() => engine.info().every(({ isUp }) => isUp), 'all threads up again');
  for (const [place, queue] of QUEUES.entries()) {
    if (!theirs.has(queue))
      others.push(await (await join(stage, traffic, owners, planOf(`k${kill}.n${place}`, place))).start());
  }
  const report = await traffic.finish(others, { deadPublishers: dead, deadConsumers: dead, emptiedQueues: emptied });
  expect(summaryOf(report)).toEqual([]);
  expect(new Set(traffic.ends.map(({ client }) => client))).toEqual(dead);
  expect(traffic.channelErrors).toEqual([]);
  seen.nacked += report.nacked;
  seen.emptied += emptied.size;
  seen.survivors += others.length;
  for (const client of others) await client.close();
}

/**
 * A publisher fills its queue's way, the queue's thread dies, and nothing else happens on its channel: every publish is
 * answered all the same.
 */
export async function killUnderPublishes(kills: number): Promise<void> {
  await onStage(async (stage) => {
    const { broker, engine } = stage;
    let nacked = 0;
    for (let kill = 0; kill < kills; kill++) {
      const traffic = new Traffic();
      await traffic.until(() => engine.info().every(({ isUp }) => isUp), 'all threads up');
      const owners: Owners = new Map();
      const client = await join(stage, traffic, owners, { name: `p${kill}`, consumes: [], publishesTo: [] });
      const [[own]] = owners;
      const far = (await queueProcesses(broker)).find(({ pid }) => pid.origin.thread !== own.origin.thread);
      if (far === undefined) throw new Error('all queues are on one thread');
      const channel = await client.openChannel();
      await channel.checkQueue(far.name);
      const answers = new Inbox<boolean>();
      for (let sent = 0; sent < BURST; sent++) {
        channel.sendToQueue(far.name, Buffer.alloc(1_000), {}, (error) => answers.add(error === null));
      }
      await answers.one();
      engine.kill(far.pid.origin.thread);
      nacked += (await answers.take(BURST - 1)).filter((isAck) => !isAck).length;
      await client.close();
    }
    expect(nacked).toBeGreaterThan(0);
  });
}
