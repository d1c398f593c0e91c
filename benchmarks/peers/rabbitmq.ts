// Question: what does RabbitMQ do on this machine now? An installed RabbitMQ as a node of our own: own node name, TCP
// ports, epmd, cookie and data directory, no configuration files and no plugins. It is ended by pid, its epmd too, and
// its directory removed; a RabbitMQ that already runs here is never touched.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import hostProcess from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { LoadConnection, READ_BYTES_MIN } from '../load/connection.ts';
import { freeTcpPort, startProcess, type TargetProcess, type TargetStart } from './target.ts';

/** The scripts themselves: the wrapper on the path of some systems changes the user and the log directory. */
const SCRIPTS = ['/usr/lib/rabbitmq/bin/rabbitmq-server', '/opt/rabbitmq/sbin/rabbitmq-server'];
const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 100;

function findScript(): string | undefined {
  const given = hostProcess.env.WARREN_BENCH_RABBITMQ;
  return (given === undefined ? SCRIPTS : [given]).find(existsSync);
}

/** Starts RabbitMQ; skipped when it is not installed (WARREN_BENCH_RABBITMQ names another script). */
export async function startRabbitmq(): Promise<TargetStart> {
  const script = findScript();
  if (script === undefined) return { skipped: 'RabbitMQ is not installed (Debian: rabbitmq-server)' };
  const directory = await mkdtemp(join(tmpdir(), 'warren-bench-rabbitmq-'));
  const amqpPort = await freeTcpPort();
  const env = await prepare(directory, amqpPort);
  const started: TargetProcess[] = [];
  const end = async () => {
    // The node leaves its epmd before that ends.
    for (const running of started.reverse()) await running.end();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    started.push(await startProcess('epmd', ['-port', env.ERL_EPMD_PORT, '-address', '127.0.0.1'], env));
    const node = await startProcess(script, [], env);
    started.push(node);
    await waitForLogin(node, amqpPort);
    const relaunch = async () => {
      await started.pop()?.kill();
      started.push(await startProcess(script, [], env));
    };
    const control = async (...args: readonly string[]) => {
      const program = join(dirname(script), 'rabbitmqctl');
      const { stdout } = await promisify(execFile)(program, ['-q', ...args], { env: { ...hostProcess.env, ...env } });
      return stdout;
    };
    const name = 'rabbitmq';
    const description = `RabbitMQ ${await versionOf(script)}`;
    return { name, description, amqpPort, pid: node.pid, relaunch, control, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    return { skipped: `RabbitMQ does not start: ${error instanceof Error ? error.message : error}` };
  }
}

async function prepare(directory: string, amqpPort: number) {
  const home = join(directory, 'home');
  const cookie = join(home, '.erlang.cookie');
  await mkdir(home);
  await writeFile(cookie, `warrenbench${hostProcess.pid}`);
  await chmod(cookie, 0o400);
  const plugins = join(directory, 'enabled_plugins');
  await writeFile(plugins, '[].\n');
  return {
    HOME: home,
    // The script then becomes the emulator itself, so that the pid is the broker's and SIGTERM stops it in order.
    RUNNING_UNDER_SYSTEMD: 'true',
    RABBITMQ_NODENAME: `warren-bench-${hostProcess.pid}@${hostname().split('.')[0]}`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(amqpPort),
    RABBITMQ_DIST_PORT: String(await freeTcpPort()),
    ERL_EPMD_PORT: String(await freeTcpPort()),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_MNESIA_BASE: join(directory, 'mnesia'),
    RABBITMQ_LOG_BASE: join(directory, 'log'),
    RABBITMQ_PID_FILE: join(directory, 'pid'),
    RABBITMQ_ENABLED_PLUGINS_FILE: plugins,
    RABBITMQ_CONF_ENV_FILE: join(directory, 'none-env.conf'),
    RABBITMQ_CONFIG_FILE: join(directory, 'none'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(directory, 'none-advanced.config'),
  };
}

async function waitForLogin(node: TargetProcess, amqpPort: number): Promise<void> {
  const address = { host: '127.0.0.1', amqpPort, user: 'guest', password: 'guest' };
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (node.child.exitCode === null && Date.now() < deadline) {
    try {
      await (await LoadConnection.open(address, READ_BYTES_MIN, {})).close();
      return;
    } catch {
      await sleep(POLL_MS);
    }
  }
  throw new Error(node.child.exitCode === null ? 'not ready in time' : `ended with ${node.child.exitCode}`);
}

async function versionOf(script: string): Promise<string> {
  const control = join(dirname(script), '..', 'lib');
  const listed = await promisify(execFile)('ls', [control]).catch(() => ({ stdout: '' }));
  return /rabbitmq_server-(\S+)/.exec(listed.stdout)?.[1] ?? '(version unknown)';
}
