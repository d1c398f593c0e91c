// Expressions without backtracking: the same answers as JavaScript's own, in a time that grows with the name and no faster.
// Advisory class "CPU blow-up" (reliability 1.3 and 2.e).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compiledPattern, patternError } from '../../../src/broker/access/index.ts';
import { linearPattern } from '../../../src/broker/access/linear-pattern.ts';

const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\.', '\\w', '\\b', '^', '$', '-', '\\x61', '[\\]b]', ' ');
const expression: fc.Arbitrary<string> = fc.letrec((tie) => ({
  part: fc.oneof(
    { maxDepth: 3 },
    atom,
    fc.tuple(tie('part'), tie('part')).map(([one, other]) => `${one}${other}`),
    fc.tuple(tie('part'), tie('part')).map(([one, other]) => `(${one}|${other})`),
    fc
      .tuple(tie('part'), fc.constantFrom('*', '+', '?', '{2}', '{0,2}', '{1,}', '*?'))
      .map(([one, times]) => `(?:${one})${times}`),
  ),
})).part as fc.Arbitrary<string>;
const name = fc.string({ unit: fc.constantFrom('a', 'b', '.', '-', ' '), maxLength: 8 });

describe('an expression without backtracking', () => {
  it('says what JavaScript says', () => {
    fc.assert(
      fc.property(expression, name, (source, text) => {
        expect([source, text, linearPattern(source)?.test(text)]).toEqual([
          source,
          text,
          new RegExp(source).test(text),
        ]);
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    '^.*.*.*.*.*.*b$',
    '^(.*a)(.*a)(.*a)(.*a)(.*a)(.*a)b$',
    '^a{0,99}a{0,99}a{0,99}a{0,99}b$',
    `^${'a?'.repeat(60)}${'a'.repeat(60)}b$`,
    `^${'(a|a)'.repeat(40)}b$`,
  ])('%s does not take for ever', (source) => {
    expect(patternError(source)).toBe(null);
    const pattern = compiledPattern(source);
    const fromMs = performance.now();
    expect([pattern?.test('a'.repeat(255)), pattern?.test(`${'a'.repeat(200)}b`)].length).toBe(2);
    expect(performance.now() - fromMs).toBeLessThan(2_000);
  });

  it('what looks around or back is taken with few choices only', () => {
    expect(patternError('^(?!amq\\.).*')).toBe(null);
    expect(compiledPattern('^(?!amq\\.).*')?.test('amq.x')).toBe(false);
    for (const bad of ['^(?!x).*.*.*.*b$', '(a*)\\1\\1\\1a*a*a*b', `a{0,900}a{0,900}a{0,900}b`]) {
      expect([bad, patternError(bad)]).toEqual([bad, 'it has too many choices, which can take for ever']);
    }
  });
});
