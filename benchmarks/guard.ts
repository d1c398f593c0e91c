// Question: has something become much slower? A small, stable subset, each case as a ratio to a plain baseline that runs in
// turns with it in the same process: never an absolute time. `npm run bench:guard` compares the ratios with those in
// guard.json and fails when one is below half of what it was; `-- --update` writes them anew.

import { readFileSync, writeFileSync } from 'node:fs';
import hostProcess from 'node:process';
import { fileURLToPath } from 'node:url';
import { RoutingTables, route } from '../src/broker/exchange/index.ts';
import { NO_FIELDS } from '../src/broker/field-table.ts';
import type { Message } from '../src/broker/message.ts';
import {
  FrameReader,
  type FrameSink,
  FrameWriter,
  makeContent,
  NO_PROPERTIES,
} from '../src/protocols/amqp091/codec/index.ts';
import { median } from './harness.ts';
import { cases as runtimeCases } from './runtime/index.ts';
import { formatTable } from './table.ts';

/** One guarded figure: units per second, ours and the baseline's. */
interface Guarded {
  readonly name: string;
  readonly baseline: () => number;
  readonly ours: () => Promise<number> | number;
}

const FILE = fileURLToPath(new URL('./guard.json', import.meta.url));
const SAMPLES = 5;
const SAMPLE_MS = 300;
/** A ratio below this share of the one that is known is a failure: half, so that a bad minute of the machine is none. */
const TOLERANCE = 0.5;

/** Units per second of `round`, which does `units` of them. */
function rateOf(units: number, round: () => void): number {
  const startMs = performance.now();
  let rounds = 0;
  let nowMs = startMs;
  while (nowMs - startMs < SAMPLE_MS) {
    round();
    rounds++;
    nowMs = performance.now();
  }
  return (rounds * units * 1_000) / (nowMs - startMs);
}

/** Messages through a plain array, each handled by a closure and answered with a new object. */
function arrayQueue(): number {
  let total = 0;
  const handle = (message: { readonly by: number }) => {
    total += message.by;
    return { by: total & 1 };
  };
  return rateOf(1_000, () => {
    const queue = [{ by: 1 }];
    for (let index = 0; index < 1_000; index++) {
      const message = queue.shift();
      if (message !== undefined) queue.push(handle(message));
    }
  });
}

/** Bytes of so many publishes, walked one by one: what a decoder cannot do without. */
function walk(bytes: Uint8Array, messages: number): () => number {
  return () => {
    let sum = 0;
    const rate = rateOf(messages, () => {
      for (let at = 0; at < bytes.length; at += 8) sum = (sum + bytes[at]) | 0;
    });
    return sum === -1 ? 0 : rate;
  };
}

const PUBLISHES = 1_000;

function publishes(): Uint8Array {
  const writer = new FrameWriter();
  const content = makeContent(NO_PROPERTIES, new Uint8Array(1_024));
  for (let index = 0; index < PUBLISHES; index++) {
    const method = { exchange: '', routingKey: 'guard', mandatory: false, immediate: false };
    writer.writeContentMethod(1, { name: 'basic.publish', ...method }, content);
  }
  return writer.take() ?? new Uint8Array(0);
}

function decode(bytes: Uint8Array): () => number {
  return () =>
    rateOf(PUBLISHES, () => {
      let commands = 0;
      const reader = new FrameReader({ expectsProtocolHeader: false });
      const sink: FrameSink = {
        onProtocolHeader: () => {},
        onCommand: () => {
          commands++;
        },
        onError: (_channel, error) => {
          throw error;
        },
      };
      reader.push(bytes, sink);
      if (commands !== PUBLISHES) throw new Error(`${commands} of ${PUBLISHES} publishes were decoded`);
    });
}

const KEYS = Array.from({ length: 10_000 }, (_, index) => `load.${index}.all`);

function lookUp(): number {
  const map = new Map(KEYS.map((key, index) => [key, [index]]));
  let found = 0;
  const rate = rateOf(KEYS.length, () => {
    for (const key of KEYS) found += map.get(key)?.length ?? 0;
  });
  return found === 0 ? 0 : rate;
}

function routeTopic(): number {
  const tables = new RoutingTables();
  for (const [index] of KEYS.entries()) {
    tables.addQueue(`q${index}`, index + 1);
    const destination = { kind: 'queue', queueId: index + 1 } as const;
    tables.bind({ source: 'amq.topic', destination, routingKey: `*.${index}.#`, arguments: NO_FIELDS });
  }
  const bytes = new Uint8Array(2);
  const shape = { exchange: 'amq.topic', extraKeys: null, bytes, propertiesEnd: 2, bodyAt: 2, format: 'none' };
  const rest = { persistent: false, priority: 0, ttlMs: -1, delayMs: 0 };
  const messages: Message[] = KEYS.map((routingKey) => ({ ...shape, ...rest, routingKey }));
  return rateOf(KEYS.length, () => {
    for (const message of messages) {
      if (route(tables, 'amq.topic', message, new Map()).length !== 1) throw new Error('a key has no queue');
    }
  });
}

function runtime(name: string): Guarded {
  const found = runtimeCases.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no runtime case is called ${name}`);
  return { name, baseline: arrayQueue, ours: () => found.run() };
}

/** The guarded cases. */
export function guarded(): readonly Guarded[] {
  const bytes = publishes();
  return [
    ...['ping-pong', 'fan-in', 'gen-server-call', 'spawn-exit', 'timer-start-cancel'].map(runtime),
    { name: 'decode-publish-1kib', baseline: walk(bytes, PUBLISHES), ours: decode(bytes) },
    { name: 'route-topic-10k', baseline: lookUp, ours: routeTopic },
  ];
}

/** How many units ours does for one of the baseline: the median over samples taken in turns. */
export async function ratioOf({ baseline, ours }: Guarded, samples: number): Promise<number> {
  const ratios: number[] = [];
  for (let sample = 0; sample <= samples; sample++) {
    const base = baseline();
    ratios.push((await ours()) / base);
  }
  // The first pair warms up.
  return median(ratios.slice(1));
}

/** The cases whose ratio is below what is allowed, as lines of text. */
export function slower(known: Readonly<Record<string, number>>, found: Readonly<Record<string, number>>): string[] {
  return Object.entries(found).flatMap(([name, ratio]) => {
    const before = known[name];
    if (before === undefined) return [`${name} has no known ratio: run with --update`];
    return ratio < before * TOLERANCE ? [`${name}: ${(ratio / before).toFixed(2)} times the known ratio`] : [];
  });
}

async function main(isUpdate: boolean): Promise<void> {
  const found: Record<string, number> = {};
  for (const each of guarded()) found[each.name] = Number((await ratioOf(each, SAMPLES)).toPrecision(3));
  if (isUpdate) writeFileSync(FILE, `${JSON.stringify(found, undefined, 2)}\n`);
  const known = JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, number>;
  const rows = Object.entries(found).map(([name, ratio]) => [name, `${ratio}`, `${known[name] ?? '-'}`]);
  hostProcess.stdout.write(`${formatTable(['case', 'ours / baseline', 'known'], rows)}\n`);
  const complaints = slower(known, found);
  for (const each of complaints) hostProcess.stderr.write(`bench:guard: ${each}\n`);
  hostProcess.exitCode = complaints.length === 0 ? 0 : 1;
}

if (hostProcess.argv[1] === fileURLToPath(import.meta.url)) await main(hostProcess.argv.includes('--update'));
