// The decoder under bytes that no client should send (reliability 2.d): 200,000 inputs of a fixed seed, and the corpus.
import { describe, expect, it } from 'vitest';
import * as wire from '../support/wire.ts';
import { endingOf, readCorpus } from './corpus.ts';
import { complaint, fuzz, inputOf } from './inputs.ts';
import { MUTATIONS } from './mutations.ts';
import { findings, rewritten } from './oracle.ts';
import { Random } from './random.ts';
import { notRefused, REFUSALS, spoil } from './refusals.ts';
import { session } from './sessions.ts';

const SEED = 20_261_123;
const INPUTS = 200_000;
const PARTS = 4;

describe(`${INPUTS} inputs of seed ${SEED}`, () => {
  it.each(Array.from({ length: PARTS }, (_, part) => part))(
    'are read without a fault, in time, and alike however they are cut: part %i',
    (part) => {
      const size = INPUTS / PARTS;
      const failure = fuzz(SEED, part * size, (part + 1) * size);
      expect(
        failure === null ? null : { ...failure, smallest: Buffer.concat(failure.smallest.frames).toString('hex') },
      ).toBeNull();
    },
    120_000,
  );

  it('are what they are meant to be: valid sessions are read to their end, and every mutation breaks many', () => {
    for (let number = 0; number < 300; number++) {
      const lines = findings(Buffer.concat(session(new Random(SEED, number))), [], true);
      expect(lines.filter((line) => /^\d+ [A-Z_]+ - /.test(line))).toEqual([]);
    }
    for (const [name, mutate] of Object.entries(MUTATIONS)) {
      let broken = 0;
      for (let number = 0; number < 300; number++) {
        const random = new Random(SEED, number);
        const lines = findings(Buffer.concat(mutate(random, session(random))), [], false);
        if (lines.some((line) => /^\d+ [A-Z_]+ - /.test(line))) broken++;
      }
      expect(broken, name).toBeGreaterThan(30);
    }
  });

  it('are the same for the same seed and number, and others for another', () => {
    const hex = (seed: number, number: number) => Buffer.concat(inputOf(seed, number).frames).toString('hex');
    expect(hex(1, 5)).toBe(hex(1, 5));
    expect(new Set([hex(1, 5), hex(1, 6), hex(2, 5)]).size).toBe(3);
  });
});

it('10,000 sessions in their exact form are the same bytes when they are decoded and written again', () => {
  for (let number = 0; number < 10_000; number++) {
    const frames = session(new Random(SEED, number), true);
    expect(rewritten(frames.slice(1))).toBeNull();
  }
  expect(rewritten([wire.method(1, 60, 70, wire.u16(7), wire.shortstr('q'), wire.u8(0))])).toContain('written again');
});

describe('what is wrong on purpose', () => {
  it.each(Object.entries(REFUSALS))('%s is refused as what it is, wherever it comes', (_, refuse) => {
    for (let number = 0; number < 300; number++) {
      const random = new Random(SEED, number);
      const { frames, wrong } = spoil(random, session(random), refuse);
      expect(notRefused(findings(Buffer.concat(frames), [], false), wrong.refusal)).toBeNull();
    }
  });

  it('is complained about when it is accepted, and when it is refused as something else', () => {
    expect(notRefused(['header true', '1 basic.get'], /^FRAME_ERROR/)).toContain('accepted');
    expect(notRefused(['1 SYNTAX_ERROR - x', '1 FRAME_ERROR - x'], /^FRAME_ERROR/)).toContain('SYNTAX_ERROR');
    expect(notRefused(['1 FRAME_ERROR - x', '1 SYNTAX_ERROR - x'], /^FRAME_ERROR/)).toBeNull();
  });
});

describe('the corpus', () => {
  it('ends as it did, and is read alike however it is cut', () => {
    const corpus = readCorpus();
    expect(corpus.length).toBeGreaterThan(50);
    for (const { ending, bytes } of corpus) {
      expect(endingOf(bytes)).toBe(ending);
      const cuts = Array.from({ length: bytes.length }, (_, at) => at);
      expect(complaint({ frames: [bytes], cuts, wrong: null, isExact: false }, true)).toBeNull();
    }
  });
});
