// The options of `warren start`: one table for the command line, the environment, the config file and their defaults.
// Precedence: command line, environment (WARREN_...), config file, default.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command, CommanderError, Option } from 'commander';
import { z } from 'zod';
import { addStoreCommands, type StoreLook } from './store.ts';

/** A bad option: the text is the one line the user sees. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
}

/** A whole number from 0 to `max`, as a number or in decimal digits; nothing else passes for one, no empty text either. */
function wholeNumber(name: string, max: number) {
  const range = `${name} must be a number from 0 to ${max}`;
  return z.preprocess(
    (value) => (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value),
    z.number({ error: range }).int(`${name} must be a whole number`).min(0, range).max(max, range),
  );
}

/** A number above `min`, or in decimal digits. */
function amount(name: string, min: number) {
  const rule = `${name} must be a number above ${min}`;
  return z
    .preprocess(
      (value) => (typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value),
      z.number(rule).gt(min, rule),
    )
    .optional();
}

/** A switch, which the environment says as a text. */
function yesOrNo(name: string) {
  return z.preprocess(
    (value) => (value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : value),
    z.boolean(`${name} is a switch: true or false`),
  );
}

/** `name=1,other=2` as an object; a config file has the object itself. */
function limitsGiven(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return Object.fromEntries(
    value.split(',').map((each) => {
      const [name, number, ...rest] = each.split('=').map((part) => part.trim());
      return [name, rest.length === 0 && /^\d+$/.test(number ?? '') ? Number(number) : number];
    }),
  );
}

function fileName(name: string) {
  return z.string(`${name} must be a text`).min(1, `${name} must not be empty`).optional();
}

/** Options that are switches, with their environment variables. */
const SWITCHES = { memory: 'WARREN_MEMORY', wsTls: 'WARREN_WS_TLS', proxyProtocol: 'WARREN_PROXY_PROTOCOL' } as const;
/** What a browser says of a page: scheme, host, and a port that is not the scheme's own; or `*`. */
const ORIGIN = /^(\*|[a-z][a-z0-9+.-]*:\/\/[^/\s,]+)$/i;
const ORIGIN_RULE = '--ws-origins must be origins such as https://example.org, with commas between, or *';
const LIMITS_RULE = '--limits must be limits such as messageBytes=16777216, with commas between';
const TCP_PORT_MAX = 65_535;
/** What the threads engine can number. */
const THREADS_MAX = 254;
/** What a timer can wait. */
const CONSUMER_TIMEOUT_MAX_MS = 2_147_483_647;

const schema = z.strictObject({
  amqpPort: wholeNumber('--amqp-port', TCP_PORT_MAX),
  amqpsPort: wholeNumber('--amqps-port', TCP_PORT_MAX).optional(),
  tlsCert: fileName('--tls-cert'),
  tlsKey: fileName('--tls-key'),
  tlsCa: fileName('--tls-ca'),
  tlsVerify: z.enum(['none', 'optional', 'peer'], { error: '--tls-verify must be none, optional or peer' }).optional(),
  tlsLoginFrom: z
    .enum(['commonName', 'distinguishedName'], {
      error: '--tls-login-from must be commonName or distinguishedName',
    })
    .optional(),
  wsPort: wholeNumber('--ws-port', TCP_PORT_MAX).optional(),
  wsOrigins: z.preprocess(
    (value) => (typeof value === 'string' ? value.split(',').map((origin) => origin.trim()) : value),
    z.array(z.string().regex(ORIGIN, ORIGIN_RULE), ORIGIN_RULE).optional(),
  ),
  wsTls: yesOrNo('--ws-tls'),
  proxyProtocol: yesOrNo('--proxy-protocol'),
  host: z.string('--host must be a text').min(1, '--host must not be empty'),
  dataDir: z.string('--data-dir must be a text').min(1, '--data-dir must not be empty'),
  memory: yesOrNo('--memory'),
  memoryWatermark: amount('--memory-watermark', 0),
  diskFreeLimit: wholeNumber('--disk-free-limit', Number.MAX_SAFE_INTEGER).optional(),
  threads: wholeNumber('--threads', THREADS_MAX),
  managementPort: wholeNumber('--management-port', TCP_PORT_MAX),
  durability: z.enum(['sync', 'os', 'memory'], { error: '--durability must be sync, os or memory' }),
  consumerTimeout: wholeNumber('--consumer-timeout', CONSUMER_TIMEOUT_MAX_MS).optional(),
  definitions: fileName('--definitions'),
  profile: z.enum(['rabbitmq', 'hardened'], { error: '--profile must be rabbitmq or hardened' }).optional(),
  limits: z.preprocess(limitsGiven, z.record(z.string(), z.number(LIMITS_RULE), LIMITS_RULE).optional()),
  config: z.string('--config must be a text').optional(),
  logLevel: z.enum(['debug', 'info', 'warning', 'error', 'silent'], {
    error: '--log-level must be debug, info, warning, error or silent',
  }),
});

/** The checked options of `warren start`. */
export type StartOptions = z.infer<typeof schema>;

function defaults(): StartOptions {
  return {
    amqpPort: 5672,
    host: '127.0.0.1',
    dataDir: './warren-data',
    memory: false,
    wsTls: false,
    proxyProtocol: false,
    durability: 'sync',
    threads: Math.max(1, availableParallelism() - 1),
    managementPort: 15672,
    logLevel: 'info',
  };
}

/** The `warren` command; `start` is called with the checked options, `look` when a log is to be looked at. */
export function command(
  version: string,
  start: (options: StartOptions) => void,
  look: (asked: StoreLook) => void = () => {},
): Command {
  const program = new Command('warren')
    .description('Erlang-style actors and a RabbitMQ-compatible broker')
    .version(version);
  program.exitOverride().configureOutput({ writeErr: () => {} });
  const option = (flags: string, text: string, variable: string) => new Option(flags, text).env(variable);
  const startCommand = program.command('start', { isDefault: true });
  startCommand
    .description('run the broker')
    .addOption(option('--amqp-port <port>', 'TCP port for AMQP, 0 for any (default: 5672)', 'WARREN_AMQP_PORT'))
    .addOption(option('--host <address>', 'address to listen on (default: 127.0.0.1)', 'WARREN_HOST'))
    .addOption(
      option(
        '--data-dir <dir>',
        'directory for what has to survive a restart (default: ./warren-data)',
        'WARREN_DATA_DIR',
      ),
    )
    .addOption(new Option('--memory', `keep everything in memory: --durability memory (env: ${SWITCHES.memory})`))
    .addOption(
      option(
        '--durability <what>',
        'sync: a confirm survives a loss of power; os: only the end of the process; memory: neither (default: sync)',
        'WARREN_DURABILITY',
      ),
    )
    .addOption(
      option(
        '--memory-watermark <n>',
        'memory beyond which publishers wait: a share of the machine, up to 1, or bytes (default: 0.4)',
        'WARREN_MEMORY_WATERMARK',
      ),
    )
    .addOption(
      option(
        '--disk-free-limit <bytes>',
        'free bytes on the disk below which publishers wait, 0 for none (default: 50000000)',
        'WARREN_DISK_FREE_LIMIT',
      ),
    )
    .addOption(
      option('--definitions <file>', "RabbitMQ's definitions as JSON, imported at the start", 'WARREN_DEFINITIONS'),
    )
    .addOption(option('--threads <n>', 'data threads, 0 for none (default: cores - 1)', 'WARREN_THREADS'))
    .addOption(
      option(
        '--management-port <port>',
        'TCP port for management; nothing listens there yet',
        'WARREN_MANAGEMENT_PORT',
      ),
    )
    .addOption(option('--config <file>', 'JSON file with the same options in camelCase', 'WARREN_CONFIG'))
    .addOption(option('--log-level <level>', 'debug, info, warning, error or silent', 'WARREN_LOG_LEVEL'))
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .action((given: Record<string, unknown>) => start(resolveOptions({ ...switches(), ...given })));
  startCommand.addOption(
    option(
      '--consumer-timeout <ms>',
      'how long a delivery may stay unacknowledged, 0 for ever (default: 1800000, half an hour)',
      'WARREN_CONSUMER_TIMEOUT',
    ),
  );
  startCommand
    .addOption(option('--profile <name>', 'limits: rabbitmq, or hardened (default: rabbitmq)', 'WARREN_PROFILE'))
    .addOption(option('--limits <list>', "limits instead of the profile's: name=n,name=n", 'WARREN_LIMITS'));
  addTransports(startCommand, option);
  addStoreCommands(program, look);
  return program;
}

/** The options of transports beside plain TCP. */
function addTransports(start: Command, option: (flags: string, text: string, variable: string) => Option): Command {
  return start
    .addOption(
      option('--amqps-port <port>', 'TCP port for AMQP over TLS (default: 5671 with --tls-cert)', 'WARREN_AMQPS_PORT'),
    )
    .addOption(option('--tls-cert <file>', 'certificate, PEM', 'WARREN_TLS_CERT'))
    .addOption(option('--tls-key <file>', 'its key, PEM without a passphrase', 'WARREN_TLS_KEY'))
    .addOption(option('--tls-ca <file>', "authorities of clients' certificates, PEM", 'WARREN_TLS_CA'))
    .addOption(
      option(
        '--tls-verify <what>',
        "clients' certificates: none, optional or peer (default: peer with --tls-ca)",
        'WARREN_TLS_VERIFY',
      ),
    )
    .addOption(
      option(
        '--tls-login-from <what>',
        'offer EXTERNAL, the user being the commonName or distinguishedName of the certificate',
        'WARREN_TLS_LOGIN_FROM',
      ),
    )
    .addOption(option('--ws-port <port>', 'TCP port for AMQP over WebSocket (default: none)', 'WARREN_WS_PORT'))
    .addOption(
      option(
        '--ws-origins <list>',
        'origins of pages that may connect to it, or * (default: none)',
        'WARREN_WS_ORIGINS',
      ),
    )
    .addOption(new Option('--ws-tls', `WebSocket over TLS (env: ${SWITCHES.wsTls})`))
    .addOption(
      new Option('--proxy-protocol', `every connection starts with a PROXY header (env: ${SWITCHES.proxyProtocol})`),
    );
}

/** Switches of the environment. The command line's own rule takes any text for a yes, `false` too. */
function switches(): Record<string, string> {
  const given: Record<string, string> = {};
  for (const [name, variable] of Object.entries(SWITCHES)) {
    const value = process.env[variable];
    if (value !== undefined) given[name] = value;
  }
  return given;
}

/** Merges what was given with the config file and the defaults. Throws {@link OptionError} with one line. */
export function resolveOptions(given: Readonly<Record<string, unknown>>): StartOptions {
  const fromFile = typeof given.config === 'string' ? readConfig(given.config) : {};
  const parsed = schema.safeParse({ ...defaults(), ...fromFile, ...given });
  if (parsed.success) return consistent(parsed.data);
  const issue = parsed.error.issues[0];
  if (issue.code === 'unrecognized_keys') throw new OptionError(`unknown option '${issue.keys[0]}' in the config file`);
  throw new OptionError(issue.message);
}

/** Throws for options of TLS that mean nothing without each other. */
function consistent(options: StartOptions): StartOptions {
  const { tlsCert, tlsKey, tlsCa, tlsVerify, tlsLoginFrom, amqpsPort, wsTls } = options;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) throw new OptionError('--tls-cert and --tls-key go together');
  const others = { '--tls-ca': tlsCa, '--tls-verify': tlsVerify, '--tls-login-from': tlsLoginFrom };
  const needing = { ...others, '--amqps-port': amqpsPort, '--ws-tls': wsTls || undefined };
  const [name] = Object.entries(needing).find(([, value]) => value !== undefined) ?? [];
  if (tlsCert === undefined && name !== undefined) throw new OptionError(`${name} needs --tls-cert and --tls-key`);
  if (tlsVerify !== undefined && tlsVerify !== 'none' && tlsCa === undefined) {
    throw new OptionError(`--tls-verify ${tlsVerify} needs --tls-ca`);
  }
  if (tlsLoginFrom !== undefined && (tlsCa === undefined || tlsVerify === 'none')) {
    throw new OptionError('--tls-login-from needs --tls-ca, and --tls-verify other than none');
  }
  return options;
}

/** A parser's complaint may quote the lines it complains of. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

function readConfig(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new OptionError(`cannot read the config file ${file}: ${(error as NodeJS.ErrnoException).code}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new OptionError(`the config file ${file} is not JSON: ${oneLine((error as Error).message)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new OptionError(`the config file ${file} must hold one JSON object`);
  }
  return value as Record<string, unknown>;
}

export { CommanderError };
