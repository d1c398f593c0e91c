// `npm run fuzz -- --inputs 10000000 --seed 7`: as many inputs for the decoder as wanted, with the figure that counts; a
// failure is printed as bytes, with the command that finds it again.
import hostProcess from 'node:process';
import { parseArgs } from 'node:util';
import { fuzz } from './inputs.ts';

const STEP = 100_000;

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '10000000' },
    seed: { type: 'string' },
    from: { type: 'string', default: '0' },
  },
});
const inputs = Number(values.inputs);
const first = Number(values.from);
const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
if (![inputs, first, seed].every(Number.isSafeInteger)) {
  hostProcess.stderr.write('fuzz: --inputs, --from and --seed are whole numbers\n');
  hostProcess.exit(2);
}
const startMs = performance.now();
for (let from = first; from < first + inputs; from += STEP) {
  const end = Math.min(from + STEP, first + inputs);
  const failure = fuzz(seed, from, end);
  if (failure !== null) {
    const { number, why, smallest } = failure;
    const bytes = Buffer.concat(smallest.frames).toString('hex');
    hostProcess.stderr.write(
      `fuzz: input ${number} of seed ${seed}: ${why}\nbytes ${bytes}\ncuts ${smallest.cuts.join(',')}\n`,
    );
    hostProcess.stderr.write(`again: npm run fuzz -- --seed ${seed} --from ${number} --inputs 1\n`);
    hostProcess.exit(1);
  }
  const seconds = (performance.now() - startMs) / 1_000;
  hostProcess.stdout.write(`${end - first} inputs of seed ${seed}, ${Math.round((end - first) / seconds)}/s\n`);
}
