// The options of `warren start`: one table for the command line, the environment, the config file and their defaults.
// Precedence: command line, environment (WARREN_...), config file, default.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command, CommanderError, Option } from 'commander';
import { z } from 'zod';

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

const MEMORY_VARIABLE = 'WARREN_MEMORY';
const TCP_PORT_MAX = 65_535;
/** What the threads engine can number. */
const THREADS_MAX = 254;

const schema = z.strictObject({
  amqpPort: wholeNumber('--amqp-port', TCP_PORT_MAX),
  host: z.string('--host must be a text').min(1, '--host must not be empty'),
  dataDir: z.string('--data-dir must be a text').min(1, '--data-dir must not be empty'),
  memory: z.preprocess(
    (value) => (value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : value),
    z.boolean('--memory is a switch: true or false'),
  ),
  threads: wholeNumber('--threads', THREADS_MAX),
  managementPort: wholeNumber('--management-port', TCP_PORT_MAX),
  durability: z.enum(['sync', 'os'], { error: '--durability must be sync or os' }),
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
    durability: 'sync',
    threads: Math.max(1, availableParallelism() - 1),
    managementPort: 15672,
    logLevel: 'info',
  };
}

/** The `warren` command; `start` is called with the checked options. */
export function command(version: string, start: (options: StartOptions) => void): Command {
  const program = new Command('warren')
    .description('Erlang-style actors and a RabbitMQ-compatible broker')
    .version(version);
  program.exitOverride().configureOutput({ writeErr: () => {} });
  const option = (flags: string, text: string, variable: string) => new Option(flags, text).env(variable);
  program
    .command('start', { isDefault: true })
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
    .addOption(new Option('--memory', `keep everything in memory, use no directory (env: ${MEMORY_VARIABLE})`))
    .addOption(
      option(
        '--durability <what>',
        'sync: a confirm survives a loss of power; os: only the end of the process (default: sync)',
        'WARREN_DURABILITY',
      ),
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
  return program;
}

/** Switches of the environment. The command line's own rule takes any text for a yes, `false` too. */
function switches(): Record<string, string> {
  const memory = process.env[MEMORY_VARIABLE];
  return memory === undefined ? {} : { memory };
}

/** Merges what was given with the config file and the defaults. Throws {@link OptionError} with one line. */
export function resolveOptions(given: Readonly<Record<string, unknown>>): StartOptions {
  const fromFile = typeof given.config === 'string' ? readConfig(given.config) : {};
  const parsed = schema.safeParse({ ...defaults(), ...fromFile, ...given });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue.code === 'unrecognized_keys') throw new OptionError(`unknown option '${issue.keys[0]}' in the config file`);
  throw new OptionError(issue.message);
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
