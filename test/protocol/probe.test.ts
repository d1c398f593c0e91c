// A wire probe that is not part of this repository: WARREN_AMQP_PROBE names a program that runs scenarios against the
// broker at AMQP_HOST and AMQP_PORT, prints each difference from what RabbitMQ answered, then `passed N failed M`.
import { spawn } from 'node:child_process';
import hostProcess from 'node:process';
import { describe, expect, it } from 'vitest';
import { complaintsIn, startBrokerProcess } from '../support/command.ts';

const PROBE = hostProcess.env.WARREN_AMQP_PROBE;
/** So many it makes; a run that makes fewer has broken off. */
const CHECKS = 451;
const TIMEOUT_MS = 300_000;

/** Differences that are intended, each with its reason; a name counts for its scenario and for the text of its close. */
const REVIEWED: ReadonlyMap<string, string> = new Map();

function runProbe(program: string, amqpPort: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...hostProcess.env, AMQP_HOST: '127.0.0.1', AMQP_PORT: String(amqpPort) };
    const child = spawn(program, [], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (text: Buffer) => {
      output += text.toString();
    });
    child.once('error', reject);
    child.once('close', () => resolve(output));
  });
}

/** The scenarios that differ. One that is shown as lenient does not count: RabbitMQ itself breaks there. */
function differences(output: string): readonly string[] {
  const names = [...output.matchAll(/^(\w+)(?: \((\w+)\))?\n {2}want /gm)];
  return names.filter(([, name, note]) => note !== 'lenient' && !REVIEWED.has(name)).map(([, name]) => name);
}

describe.skipIf(PROBE === undefined)('the wire probe (skipped: WARREN_AMQP_PROBE names no program)', () => {
  it.each(['1', '2'])(
    'finds no difference from RabbitMQ on %s data threads',
    async (threads) => {
      await using broker = await startBrokerProcess(['--memory', '--amqp-port', '0', '--threads', threads]);
      const output = await runProbe(PROBE ?? '', broker.amqpPort);
      const [, passed, failed] = /^passed (\d+) failed (\d+)$/m.exec(output) ?? [];
      expect(differences(output), output).toEqual([]);
      expect([Number(failed), Number(passed)], output).toEqual([0, CHECKS]);
      const { code, stderr } = await broker.command.end();
      // The probe tries bad logins, which the broker tells.
      const complaints = complaintsIn(stderr).filter((line) => !line.includes('"msg":"login refused"'));
      expect([code, complaints]).toEqual([0, []]);
    },
    TIMEOUT_MS,
  );
});
