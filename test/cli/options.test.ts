// Every option, from the command line, the environment and a config file: what is taken, what is refused and how. The
// process around it is in the other tests of this folder.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { command, type StartOptions } from '../../src/cli/options.ts';

let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'warren-options-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));
afterEach(() => {
  vi.unstubAllEnvs();
});

/** The options that `warren start` would run with. */
function options(...args: readonly string[]): StartOptions {
  let chosen: StartOptions | null = null;
  const program = command('0.0.0', (given) => {
    chosen = given;
  });
  program.parse(['node', 'warren', 'start', ...args]);
  if (chosen === null) throw new Error('nothing was started');
  return chosen;
}

const PORT = /^--amqp-port must be a number from 0 to 65535$/;
const THREADS = /^--threads must be a number from 0 to 254$/;

describe('the command line', () => {
  it('has a default for everything', () => {
    const { threads, ...rest } = options();
    expect(threads).toBeGreaterThanOrEqual(1);
    expect(rest).toEqual({
      amqpPort: 5672,
      host: '127.0.0.1',
      dataDir: './warren-data',
      memory: false,
      wsTls: false,
      proxyProtocol: false,
      durability: 'sync',
      managementPort: 15672,
      logLevel: 'info',
    });
  });

  it('takes the consumer timeout in ms, 0 and the environment too, and refuses what is no number', () => {
    expect(options().consumerTimeout).toBeUndefined();
    expect(options('--consumer-timeout', '60000').consumerTimeout).toBe(60_000);
    expect(options('--consumer-timeout', '0').consumerTimeout).toBe(0);
    vi.stubEnv('WARREN_CONSUMER_TIMEOUT', '5');
    expect(options().consumerTimeout).toBe(5);
    const range = '--consumer-timeout must be a number from 0 to 2147483647';
    for (const bad of ['', '-1', '1m', '2147483648']) {
      expect(() => options('--consumer-timeout', bad)).toThrow(range);
    }
  });

  it('takes the bounds of the alarms: memory as a share or bytes, the disk in bytes', () => {
    expect(options('--memory-watermark', '0.5').memoryWatermark).toBe(0.5);
    expect(options('--memory-watermark', '1000000').memoryWatermark).toBe(1_000_000);
    expect(options('--disk-free-limit', '1000').diskFreeLimit).toBe(1_000);
    expect(() => options('--memory-watermark', 'much')).toThrow(/^--memory-watermark/);
    expect(() => options('--disk-free-limit', '1GB')).toThrow(/^--disk-free-limit must be a number/);
  });

  it('takes every option', () => {
    const args = ['--amqp-port', '0', '--host', '::1', '--data-dir', 'd', '--memory', '--threads', '254'];
    expect(options(...args, '--management-port', '65535', '--log-level', 'silent', '--durability', 'os')).toEqual({
      amqpPort: 0,
      host: '::1',
      dataDir: 'd',
      memory: true,
      wsTls: false,
      proxyProtocol: false,
      durability: 'os',
      threads: 254,
      managementPort: 65_535,
      logLevel: 'silent',
    });
  });

  it.each<[string[], RegExp]>([
    [['--nonsense'], /unknown option '--nonsense'/],
    [['now'], /too many arguments/],
    [['--amqp-port'], /argument missing/],
    [['--amqp-port', 'many'], PORT],
    [['--amqp-port', ''], PORT],
    [['--amqp-port', '65536'], PORT],
    [['--amqp-port', '-1'], PORT],
    [['--amqp-port', '0x10'], PORT],
    [['--amqp-port', '1e3'], PORT],
    [['--amqp-port', ' 1'], PORT],
    [['--amqp-port', '56.72'], /^--amqp-port must be a whole number$/],
    [['--threads', '255'], THREADS],
    [['--threads', 'two'], THREADS],
    [['--host', ''], /^--host must not be empty$/],
    [['--data-dir', ''], /^--data-dir must not be empty$/],
    [['--management-port', '99999'], /^--management-port must be a number from 0 to 65535$/],
    [['--log-level', 'loud'], /^--log-level must be debug, info, warning, error or silent$/],
  ])('refuses %j', (args, line) => {
    expect(() => options(...args)).toThrow(line);
  });
});

describe('the environment', () => {
  it('has a variable for every option', () => {
    const variables = {
      WARREN_AMQP_PORT: '1',
      WARREN_HOST: 'h',
      WARREN_DATA_DIR: 'd',
      WARREN_MEMORY: '1',
      WARREN_DURABILITY: 'os',
      WARREN_THREADS: '3',
      WARREN_MANAGEMENT_PORT: '2',
      WARREN_LOG_LEVEL: 'error',
    };
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    expect(options()).toEqual({
      amqpPort: 1,
      host: 'h',
      dataDir: 'd',
      memory: true,
      wsTls: false,
      proxyProtocol: false,
      durability: 'os',
      threads: 3,
      managementPort: 2,
      logLevel: 'error',
    });
  });

  it.each([
    ['true', true],
    ['1', true],
    ['false', false],
    ['0', false],
  ])('says yes or no to a switch: %s', (text, memory) => {
    vi.stubEnv('WARREN_MEMORY', text);
    expect(options().memory).toBe(memory);
    expect(options('--memory').memory).toBe(true);
  });

  it.each<[string, string, RegExp]>([
    ['WARREN_AMQP_PORT', 'many', PORT],
    ['WARREN_AMQP_PORT', '', PORT],
    ['WARREN_THREADS', '1.5', /^--threads must be a whole number$/],
    ['WARREN_MEMORY', 'perhaps', /^--memory is a switch: true or false$/],
    ['WARREN_LOG_LEVEL', 'INFO', /^--log-level must be/],
  ])('refuses %s=%s', (name, value, line) => {
    vi.stubEnv(name, value);
    expect(() => options()).toThrow(line);
  });
});

describe('a config file', () => {
  async function config(text: string): Promise<string> {
    const file = join(directory, 'config.json');
    await writeFile(file, text);
    return file;
  }

  it('wins over defaults, loses to the environment, and that to the command line', async () => {
    const file = await config('{ "amqpPort": 1, "threads": "3", "host": "file", "memory": true }');
    vi.stubEnv('WARREN_CONFIG', file);
    vi.stubEnv('WARREN_HOST', 'environment');
    vi.stubEnv('WARREN_AMQP_PORT', '2');
    expect(options('--amqp-port', '3')).toMatchObject({ amqpPort: 3, host: 'environment', threads: 3, memory: true });
  });

  it.each<[string, string, RegExp]>([
    ['no JSON', '{ amqpPort: 1', /^the config file .*config\.json is not JSON: /],
    ['nothing', '', /is not JSON/],
    ['no object', '[1]', /must hold one JSON object$/],
    ['null', 'null', /must hold one JSON object$/],
    ['an unknown option', '{ "amqp-port": 1 }', /^unknown option 'amqp-port' in the config file$/],
    ['a value out of range', '{ "amqpPort": 70000 }', PORT],
    ['a value of another type', '{ "threads": true }', THREADS],
    ['a list for a value', '{ "threads": [1] }', THREADS],
    ['null for a value', '{ "amqpPort": null }', PORT],
    ['a switch that is none', '{ "memory": "perhaps" }', /^--memory is a switch/],
    ['a name that is a number', '{ "host": 5 }', /^--host must be a text$/],
  ])('refuses %s', async (_name, text, line) => {
    const file = await config(text);
    expect(() => options('--config', file)).toThrow(line);
  });

  it('refuses one that is missing or a directory', () => {
    expect(() => options('--config', join(directory, 'none'))).toThrow(/^cannot read the config file .*: ENOENT$/);
    expect(() => options('--config', directory)).toThrow(/^cannot read the config file .*: EISDIR$/);
  });
});

describe('transports', () => {
  const TLS = ['--tls-cert', 'c', '--tls-key', 'k'];

  it('come from the command line, the environment and the file', async () => {
    const args = [
      ...TLS,
      '--amqps-port',
      '0',
      '--tls-ca',
      'a',
      '--tls-verify',
      'peer',
      '--tls-login-from',
      'commonName',
    ];
    const ws = [
      '--ws-port',
      '1',
      '--ws-origins',
      'https://a.example, http://b.example:8080',
      '--ws-tls',
      '--proxy-protocol',
    ];
    expect(options(...args, ...ws)).toMatchObject({
      tlsCert: 'c',
      tlsKey: 'k',
      amqpsPort: 0,
      tlsCa: 'a',
      tlsVerify: 'peer',
      tlsLoginFrom: 'commonName',
      wsPort: 1,
      wsOrigins: ['https://a.example', 'http://b.example:8080'],
      wsTls: true,
      proxyProtocol: true,
    });
    vi.stubEnv('WARREN_PROXY_PROTOCOL', '1');
    vi.stubEnv('WARREN_WS_PORT', '7');
    const file = join(directory, 'transports.json');
    await writeFile(file, '{ "wsPort": 6, "wsOrigins": ["*"], "tlsCert": "c", "tlsKey": "k" }');
    expect(options('--config', file)).toMatchObject({ wsPort: 7, wsOrigins: ['*'], tlsCert: 'c', proxyProtocol: true });
  });

  it.each<[string[], RegExp]>([
    [['--tls-cert', 'c'], /^--tls-cert and --tls-key go together$/],
    [['--tls-key', 'k'], /^--tls-cert and --tls-key go together$/],
    [['--tls-ca', 'a'], /^--tls-ca needs --tls-cert and --tls-key$/],
    [['--amqps-port', '5671'], /^--amqps-port needs --tls-cert and --tls-key$/],
    [['--ws-tls', '--ws-port', '1'], /^--ws-tls needs --tls-cert and --tls-key$/],
    [[...TLS, '--tls-verify', 'maybe'], /^--tls-verify must be none, optional or peer$/],
    [[...TLS, '--tls-verify', 'peer'], /^--tls-verify peer needs --tls-ca$/],
    [[...TLS, '--tls-login-from', 'commonName'], /^--tls-login-from needs --tls-ca/],
    [[...TLS, '--tls-ca', 'a', '--tls-verify', 'none', '--tls-login-from', 'commonName'], /^--tls-login-from needs/],
    [['--tls-cert', '', '--tls-key', 'k'], /^--tls-cert must not be empty$/],
    [['--ws-port', '70000'], /^--ws-port must be a number from 0 to 65535$/],
    [['--ws-origins', 'example.org'], /^--ws-origins must be origins such as/],
    [['--ws-origins', 'https://example.org/page'], /^--ws-origins must be origins such as/],
  ])('%j is refused', (args, line) => {
    expect(() => options(...args)).toThrow(line);
  });
});

describe('limits', () => {
  it('are a profile, and single ones as a list or, in a config file, an object', () => {
    expect(options('--profile', 'hardened')).toMatchObject({ profile: 'hardened' });
    expect(options('--limits', 'headers=64, messageBytes=1048576').limits).toEqual({
      headers: 64,
      messageBytes: 1_048_576,
    });
  });

  it.each(['headers', 'headers=', 'headers=many', 'headers=-1', 'headers=1=2', ''])('%j is no list of them', (list) => {
    expect(() => options('--limits', list)).toThrow('--limits must be limits such as messageBytes=16777216');
  });

  it('another profile is refused', () => {
    expect(() => options('--profile', 'soft')).toThrow('--profile must be rabbitmq or hardened');
  });
});
