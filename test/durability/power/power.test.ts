// A confirm survives a loss of power (B1, B10); the method is checked by a disk that lies. And what a failing or a full
// disk does to a node that runs.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import amqplib, { type ConfirmChannel } from 'amqplib';
import { describe, expect, test } from 'vitest';
import { startBrokerProcess } from '../../support/command.ts';
import { hasCompiler, preload, runCuts } from './power-cycles.ts';

if (!hasCompiler()) console.warn('no gcc on this machine: the loss of power of the real process is not tested');

/** Each takes a second and more; CI asks for 100. */
const CUTS = Number(process.env.WARREN_POWER_CUTS ?? 20);

async function withFault(fault: Readonly<Record<string, string>>, body: (url: string) => Promise<void>): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'warren-fault-'));
  const dataDir = join(home, 'data');
  mkdirSync(dataDir);
  try {
    const env = preload(home)(dataDir, fault);
    const options = ['--amqp-port', '0', '--data-dir', dataDir, '--threads', '0', '--log-level', 'error'];
    {
      await using node = await startBrokerProcess(options, { env });
      await body(node.url);
    }
    await using again = await startBrokerProcess(options);
    const connection = await amqplib.connect(again.url);
    const channel = await connection.createChannel();
    const found: string[] = [];
    for (let message = await channel.get('q', { noAck: true }); message !== false; ) {
      found.push(message.content.toString());
      message = await channel.get('q', { noAck: true });
    }
    expect(found).toEqual(expect.arrayContaining(['safe 0', 'safe 1', 'safe 2']));
    await connection.close();
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

const send = (channel: ConfirmChannel, body: string): Promise<boolean> =>
  new Promise((resolve) => {
    channel.sendToQueue('q', Buffer.from(body), { persistent: true }, (error) => resolve(error === null));
  });

describe.skipIf(!hasCompiler())('a loss of power under confirmed load', () => {
  test(`B1 B10 loses nothing that was confirmed, in ${CUTS} cuts`, async () => {
    const { complaints, confirmed, streamed, cut } = await runCuts({ cuts: CUTS, seed: 31_337 });
    expect(complaints).toEqual([]);
    expect(cut).toBe(CUTS);
    expect(confirmed).toBeGreaterThan(100);
    expect(streamed).toBeGreaterThan(100);
  }, 600_000);

  test('with a disk that lies about its syncs loses some, and is caught', async () => {
    const { complaints } = await runCuts({ cuts: 6, seed: 31_338, lies: true });
    expect(complaints.some((line) => line.endsWith('was confirmed and is lost'))).toBe(true);
  }, 120_000);
});

describe.skipIf(!hasCompiler())('a disk', () => {
  test('whose sync fails: nothing more is confirmed, consumers go on, and a restart has what was promised', async () => {
    await withFault({ WARREN_POWER_EIO: '12' }, async (url) => {
      const connection = await amqplib.connect(url);
      const channel = await connection.createConfirmChannel();
      await channel.assertQueue('q', { durable: true });
      const answers: boolean[] = [];
      for (let count = 0; count < 12; count++) answers.push(await send(channel, `safe ${count}`));
      const failedAt = answers.indexOf(false);
      expect(failedAt).toBeGreaterThan(2);
      // Once refused, always refused: nothing is tried again on a file of which nobody knows what it has.
      expect(answers.slice(failedAt).every((isConfirmed) => !isConfirmed)).toBe(true);
      const message = await channel.get('q');
      expect(message !== false && message.content.toString()).toBe('safe 0');
      await connection.close();
    });
  });

  test('that is full: publishers wait, consumers go on, and it goes on when there is room', async () => {
    await withFault({ WARREN_POWER_FULL: '14' }, async (url) => {
      const connection = await amqplib.connect(url);
      const channel = await connection.createConfirmChannel();
      await channel.assertQueue('q', { durable: true });
      const answers: boolean[] = [];
      for (let count = 0; count < 5; count++) answers.push(await send(channel, `safe ${count}`));
      const late = Promise.all(Array.from({ length: 30 }, (_none, count) => send(channel, `late ${count}`)));
      const other = await connection.createChannel();
      expect(await other.get('q', { noAck: true })).not.toBe(false);
      await other.checkQueue('q');
      expect(answers.every((isConfirmed) => isConfirmed)).toBe(true);
      expect((await late).every((isConfirmed) => isConfirmed)).toBe(true);
      await channel.sendToQueue('q', Buffer.from('safe 0'), { persistent: true });
      await channel.waitForConfirms();
      await connection.close();
    });
  }, 60_000);
});
