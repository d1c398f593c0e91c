// Every example is a complete program under 60 lines that prints what its head says it prints.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const folder = new URL('../examples/', import.meta.url);
const examples = readdirSync(folder).filter((name) => name.endsWith('.ts'));

describe('examples', () => {
  it('are there', () => expect(examples.length).toBeGreaterThanOrEqual(5));

  for (const name of examples) {
    it(`${name} runs and prints what it says`, async () => {
      const text = readFileSync(new URL(name, folder), 'utf8');
      expect(text.split('\n').length, 'lines').toBeLessThanOrEqual(60);
      const promised = [...text.matchAll(/^\/\/ prints: (.+)$/gm)].map(([, line]) => line);
      expect(promised.length, 'a line `// prints: ...`').toBeGreaterThan(0);
      const { stdout } = await run(process.execPath, [new URL(name, folder).pathname], { timeout: 25_000 });
      for (const line of promised) expect(stdout).toContain(line);
    });
  }
});
