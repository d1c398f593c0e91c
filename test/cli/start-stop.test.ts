// The command from its ready line to its end: help and version, where options come from, the lock of the data directory,
// and a stop that tells every client 320 CONNECTION_FORCED and leaves nothing behind.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { complaintsIn, runCommand, startBrokerProcess } from '../support/command.ts';

const ANY = ['--amqp-port', '0'];
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'warren-cli-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('help and version', () => {
  it('--version prints the version of the package', async () => {
    const manifest = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await runCommand(['--version'])).toMatchObject({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });

  it.each([[['--help']], [['start', '--help']], [['help', 'start']]])('%j prints the usage', async (args) => {
    const { code, stdout, stderr } = await runCommand(args);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Usage: warren/);
    if (args.includes('start')) {
      const options = ['--amqp-port', '--host', '--data-dir', '--memory', '--threads', '--config', '--log-level'];
      for (const option of options) expect(stdout).toContain(option);
      expect(stdout).toContain('WARREN_AMQP_PORT');
    }
  });
});

describe('--consumer-timeout', () => {
  it('closes the channel of a delivery that is unacknowledged for longer, with 406 PRECONDITION_FAILED', async () => {
    await using broker = await startBrokerProcess(['--memory', '--consumer-timeout', '200', ...ANY]);
    const connection = await connect(broker.url);
    const channel = await connection.createChannel();
    const closed = new Promise<Error>((resolve) => channel.on('error', resolve));
    await channel.assertQueue('held');
    await channel.consume('held', () => {});
    channel.sendToQueue('held', Buffer.from('x'));
    expect((await closed).message).toMatch(/406 \(PRECONDITION-FAILED\).*delivery acknowledgement/);
    await connection.close();
  });
});

describe('--definitions', () => {
  it('imports the file before the ready line, and one that is wrong or missing keeps the broker from starting', async () => {
    const file = join(directory, 'definitions.json');
    await writeFile(file, JSON.stringify({ queues: [{ vhost: '/', name: 'defined', durable: true, arguments: {} }] }));
    await using broker = await startBrokerProcess(['--memory', '--definitions', file, ...ANY]);
    const connection = await connect(broker.url);
    await (await connection.createChannel()).checkQueue('defined');
    await connection.close();
    await writeFile(file, JSON.stringify({ queues: [{ vhost: 'no', name: 'defined' }] }));
    const wrong = await runCommand(['--memory', '--definitions', file, ...ANY]);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain("definitions: queues[0]: there is no vhost 'no'");
    const missing = await runCommand(['--memory', '--definitions', join(directory, 'none.json'), ...ANY]);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('definitions: cannot read');
  });
});

describe('where options come from', () => {
  it('port 0 takes any free one, and the ready line tells which', async () => {
    await using one = await startBrokerProcess(['--memory', ...ANY]);
    await using two = await startBrokerProcess(['--memory', ...ANY]);
    expect(one.amqpPort).toBeGreaterThan(0);
    expect(two.amqpPort).not.toBe(one.amqpPort);
    await (await connect(two.url)).close();
  });

  it('the environment', async () => {
    const env = { WARREN_AMQP_PORT: '0', WARREN_MEMORY: 'true', WARREN_THREADS: '2', WARREN_HOST: '127.0.0.2' };
    await using broker = await startBrokerProcess([], { env, cwd: directory });
    expect(broker).toMatchObject({ host: '127.0.0.2', threads: 2, data: 'memory' });
    await (await connect(broker.url)).close();
  });

  it('--durability memory is --memory: the directory is not touched', async () => {
    const dataDir = join(directory, 'untouched');
    await using broker = await startBrokerProcess(['--durability', 'memory', '--data-dir', dataDir, ...ANY]);
    expect([broker.data, existsSync(dataDir)]).toEqual(['memory', false]);
  });

  it('a switch in the environment can also say no', async () => {
    const env = { WARREN_MEMORY: 'false', WARREN_DATA_DIR: join(directory, 'no') };
    await using broker = await startBrokerProcess(ANY, { env });
    expect(broker.data).toBe(join(directory, 'no'));
  });

  it('the command line wins over the environment, that over the config file, that over the default', async () => {
    const config = join(directory, 'warren.json');
    await writeFile(config, JSON.stringify({ amqpPort: 1, threads: 3, dataDir: join(directory, 'config') }));
    const env = { WARREN_AMQP_PORT: '2', WARREN_THREADS: '2', WARREN_CONFIG: config };
    await using broker = await startBrokerProcess(ANY, { env });
    expect(broker).toMatchObject({ threads: 2, data: join(directory, 'config'), host: '127.0.0.1' });
  });
});

describe('run by npm', () => {
  it('ends with the shell that npm has put in between, though that passes no signal on', async () => {
    const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
    const line = `"${process.execPath}" "${main}" start --memory --amqp-port 0; true`;
    const env = { ...process.env, npm_lifecycle_event: 'start' };
    const shell = spawn('sh', ['-c', line], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    // The pipe closes when the last process that writes to it is gone: the broker.
    const over = new Promise<void>((resolve) => shell.stdout.once('end', resolve));
    const amqpPort = await new Promise<number>((resolve) => {
      shell.stdout.on('data', (text: Buffer) => resolve(Number(/amqp=\S+:(\d+)/.exec(text.toString())?.[1])));
    });
    await (await connect(`amqp://guest:guest@127.0.0.1:${amqpPort}`)).close();
    shell.kill('SIGTERM');
    await over;
    await expect(connect(`amqp://guest:guest@127.0.0.1:${amqpPort}`)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('the data directory', () => {
  it('is locked while the broker runs and free after its stop', async () => {
    const data = join(directory, 'locked');
    const lock = join(data, 'warren.lock');
    for (let time = 0; time < 2; time++) {
      await using broker = await startBrokerProcess([...ANY, '--data-dir', data]);
      expect(Number.parseInt(await readFile(lock, 'utf8'), 10)).toBe(broker.command.pid);
      expect((await broker.command.end()).code).toBe(0);
      expect(existsSync(lock)).toBe(false);
    }
  });

  it('is taken over from a broker that was killed', async () => {
    const data = join(directory, 'killed');
    await using killed = await startBrokerProcess([...ANY, '--data-dir', data]);
    await killed.command.end('SIGKILL');
    expect(existsSync(join(data, 'warren.lock'))).toBe(true);
    await using broker = await startBrokerProcess([...ANY, '--data-dir', data]);
    expect((await broker.command.end()).code).toBe(0);
  });
});

describe.each(['SIGINT', 'SIGTERM'] as const)('%s', (signal) => {
  it.each(['0', '1', '2'])('stops cleanly on %s data threads: clients are told 320', async (threads) => {
    await using broker = await startBrokerProcess(['--memory', ...ANY, '--threads', threads]);
    const closed: Promise<unknown>[] = [];
    for (let client = 0; client < 6; client++) {
      const connection = await connect(broker.url);
      const channel = await connection.createChannel();
      const { queue } = await channel.assertQueue('', { exclusive: true });
      await channel.consume(queue, () => {});
      channel.on('error', () => {});
      connection.on('error', () => {});
      closed.push(new Promise((resolve) => connection.on('close', resolve)));
    }
    const sentMs = performance.now();
    const { code, stderr } = await broker.command.end(signal);
    expect(code).toBe(0);
    expect(performance.now() - sentMs).toBeLessThan(5_000);
    expect(complaintsIn(stderr)).toEqual([]);
    const text = "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'";
    for (const reason of await Promise.all(closed)) {
      expect(reason).toMatchObject({ code: 320, message: expect.stringContaining(text) });
    }
  });
});
