// How many schedules a second the simulator tries, with the checks of every step on: at least 2,000 of about 500
// decisions on one core. The count is printed.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const program = fileURLToPath(new URL('./speed-run.ts', import.meta.url));

it('tries at least 2,000 schedules of about 500 decisions a second, with all checks on', async () => {
  const { stdout } = await run(process.execPath, [program], { timeout: 25_000 });
  const { schedules, decisions } = JSON.parse(stdout) as { schedules: number; decisions: number };
  console.log(`simulator: ${schedules} schedules/s of ${decisions} decisions on one core`);
  expect(decisions).toBeGreaterThan(450);
  expect(schedules).toBeGreaterThan(2_000);
});
