// Definitions between a real RabbitMQ and this broker: what one exports the other imports, and means the same.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startRabbitmq } from '../../benchmarks/peers/rabbitmq.ts';
import { startBroker } from '../../src/broker.ts';

const CORPUS = new URL('../broker/definitions/rabbitmq-3.10.8.json', import.meta.url);
const SECTIONS = ['permissions', 'topic_permissions', 'policies', 'queues', 'bindings'] as const;
type Json = Record<string, readonly Record<string, unknown>[]>;

const rabbitmq = await startRabbitmq();
if ('skipped' in rabbitmq) console.log(`skipped: ${rabbitmq.skipped}`);

/** The entries of a section in an order that says nothing, as texts. */
function entries(json: Json, section: string): readonly string[] {
  return json[section].map((entry) => JSON.stringify(sorted(entry))).sort();
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(pairs.map(([key, each]) => [key, sorted(each)]));
}

describe.skipIf('skipped' in rabbitmq)('definitions of RabbitMQ and of Warren', () => {
  afterAll(async () => {
    if (!('skipped' in rabbitmq)) await rabbitmq[Symbol.asyncDispose]();
  });

  it('go from here into a RabbitMQ, out of it, and in here again, and stay what they are', async () => {
    if ('skipped' in rabbitmq || rabbitmq.control === undefined) return;
    const directory = await mkdtemp(join(tmpdir(), 'warren-definitions-'));
    const file = join(directory, 'definitions.json');
    await using first = await startBroker({
      amqpPort: 0,
      logger: 'silent',
      definitions: await readFile(CORPUS, 'utf8'),
    });
    const ours = (await first.admin.exportDefinitions()) as unknown as Json;
    await writeFile(file, JSON.stringify(ours));
    await rabbitmq.control('import_definitions', file);
    await rabbitmq.control('export_definitions', file);
    const theirs = JSON.parse(await readFile(file, 'utf8')) as Json;
    await using second = await startBroker({ amqpPort: 0, logger: 'silent', definitions: theirs });
    const again = (await second.admin.exportDefinitions()) as unknown as Json;
    for (const section of SECTIONS) {
      expect(entries(theirs, section), `${section} of RabbitMQ`).toEqual(entries(ours, section));
      expect(entries(again, section), `${section} again`).toEqual(entries(ours, section));
    }
    expect(entries(again, 'users')).toEqual(entries(ours, 'users'));
    expect(entries(again, 'parameters')).toEqual(entries(ours, 'parameters'));
    await rm(directory, { recursive: true, force: true });
  }, 120_000);
});
