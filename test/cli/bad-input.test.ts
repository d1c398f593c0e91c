// What keeps the broker from starting ends in one clear line on standard error and the right exit code: 2 for a bad
// option, 1 for a machine that does not let it run. Never a stack trace, never half a start.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommandOptions, runCommand, startBrokerProcess } from '../support/command.ts';

let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'warren-cli-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Runs to the end and expects nothing but one line that matches. */
async function refused(args: readonly string[], code: number, line: RegExp, options: CommandOptions = {}) {
  const ended = await runCommand(args, { cwd: directory, ...options });
  expect(ended.stdout).toBe('');
  expect(ended.stderr).toMatch(/^warren: [^\n]+\n$/);
  expect(ended.stderr).toMatch(line);
  expect(ended.code).toBe(code);
}

describe('a bad option ends with code 2', () => {
  it.each<[string[], RegExp]>([
    [['--nonsense'], /unknown option '--nonsense'/],
    [['dig'], /too many arguments/],
    [['start', '--amqp-port'], /argument missing/],
    [['start', '--amqp-port', 'many'], /--amqp-port must be a number from 0 to 65535/],
  ])('%j', async (args, line) => {
    await refused(args, 2, line);
  });

  it('in the environment', async () => {
    await refused(['start'], 2, /--threads must be a whole number/, { env: { WARREN_THREADS: '1.5' } });
  });

  it('in a config file, or a config file that is none', async () => {
    const file = join(directory, 'config.json');
    await writeFile(file, '{ "amqp-port": 1 }');
    await refused(['start', '--config', file], 2, /unknown option 'amqp-port' in the config file/);
    await writeFile(file, '{\n\n "amqpPort":\n');
    await refused(['start', '--config', file], 2, /the config file .*config\.json is not JSON/);
    await refused(['start', '--config', 'none.json'], 2, /cannot read the config file none\.json: ENOENT/);
  });
});

describe('what the machine does not allow ends with code 1', () => {
  let taken: Server;

  beforeAll(async () => {
    taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => taken.close(resolve)));

  it('a TCP port taken by another program', async () => {
    const { port } = taken.address() as { port: number };
    const line = new RegExp(`port ${port} on 127\\.0\\.0\\.1 is taken`);
    for (const threads of ['0', '2']) {
      await refused(['start', '--memory', '--threads', threads, '--amqp-port', String(port)], 1, line);
    }
  });

  it('a TCP port taken by another broker, which is not disturbed', async () => {
    await using broker = await startBrokerProcess(['--memory', '--amqp-port', '0', '--threads', '2']);
    const again = ['start', '--memory', '--amqp-port', String(broker.amqpPort)];
    await refused([...again, '--threads', '2'], 1, /is taken/);
    expect(broker.command.isRunning).toBe(true);
  });

  it('an address that is not of this machine', async () => {
    await refused(['start', '--memory', '--amqp-port', '0', '--host', '192.0.2.1'], 1, /192\.0\.2\.1 is no address/);
    await refused(['start', '--memory', '--amqp-port', '0', '--host', 'no such host'], 1, /no such host is no address/);
  });

  it('a data directory that another broker has locked', async () => {
    const data = join(directory, 'locked');
    await using broker = await startBrokerProcess(['--amqp-port', '0', '--data-dir', data]);
    const line = new RegExp(`the data directory .*locked is locked by process ${broker.command.pid}`);
    await refused(['start', '--amqp-port', '0', '--data-dir', data], 1, line);
    expect(broker.command.isRunning).toBe(true);
  });

  it('a data directory that cannot be made', async () => {
    const file = join(directory, 'file');
    await writeFile(file, '');
    await refused(['start', '--amqp-port', '0', '--data-dir', file], 1, /cannot make the data directory .*: EEXIST/);
    await refused(['start', '--amqp-port', '0', '--data-dir', join(file, 'in')], 1, /cannot make .*: ENOTDIR/);
  });
});
