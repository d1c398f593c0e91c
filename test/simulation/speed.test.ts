// How many schedules a second the simulator tries, with the checks of every step on. The count is printed: on a core that
// nobody else uses it is above 2,000 of about 500 decisions. Where two suites share a core it is half of that, so the
// test itself only sees that nothing has become slow.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const FLOOR = 900;
const run = promisify(execFile);
const program = fileURLToPath(new URL('./speed-run.ts', import.meta.url));

it('tries schedules of about 500 decisions by the thousand a second, with all checks on', async () => {
  const { stdout } = await run(process.execPath, [program], { timeout: 25_000 });
  const { schedules, decisions } = JSON.parse(stdout) as { schedules: number; decisions: number };
  console.log(`simulator: ${schedules} schedules/s of ${decisions} decisions on one core`);
  expect(decisions).toBeGreaterThan(450);
  expect(schedules).toBeGreaterThan(FLOOR);
});
