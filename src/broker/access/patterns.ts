// The regular expressions of permissions: bounded, compiled once by who asks, and refused where they could take for ever.
// They are JavaScript's, looked for anywhere in a name; '' allows nothing. What could backtrack for long is matched without
// (reliability 2.e, "CPU blow-up"), or refused where that is not possible.
import { linearPattern, type Pattern } from './linear-pattern.ts';

/** The longest expression that is taken, in characters. */
export const PATTERN_LENGTH_MAX = 1_000;

/** Why an expression is refused, in words; null for a good one. */
export function patternError(pattern: string): string | null {
  if (pattern.length > PATTERN_LENGTH_MAX) return `it has more than ${PATTERN_LENGTH_MAX} characters`;
  try {
    new RegExp(pattern);
  } catch (error) {
    return (error as Error).message;
  }
  if (hasNestedRepetition(pattern)) return 'it repeats what repeats, which can take for ever';
  return isSafe(pattern) || linearPattern(pattern) !== null ? null : 'it has too many choices, which can take for ever';
}

/** The expression, or null for one that allows nothing; throws SyntaxError for one that {@link patternError} refuses. */
export function compiledPattern(pattern: string): Pattern | null {
  if (pattern === '') return null;
  const plain = new RegExp(pattern);
  // What an earlier version has taken and this one would refuse goes on as it was.
  return isSafe(pattern) ? plain : (linearPattern(pattern) ?? plain);
}

/** The expression of a topic permission for one user; what is put in for the variables counts as plain text. */
export function expandedPattern(pattern: string, user: string, vhost: string): string {
  const texts: Readonly<Record<string, string>> = { username: user, vhost };
  return pattern.replace(/\{(username|vhost)\}/g, (_all, name: string) => escaped(texts[name]));
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

/** Choices that backtracking may combine without harm in a name of 255 characters. */
const REPETITIONS_MAX = 2;
const ALTERNATIVES_MAX = 3;

/** Whether JavaScript's own matcher, which is the fastest, tries few combinations at most. */
function isSafe(pattern: string): boolean {
  const plain = pattern.replace(/\\./g, 'x').replace(/\[(?:[^\]]*)\]/g, 'x');
  const repetitions = plain.replace(/\(\?/g, '(').match(/[*+?]|\{\d*,?\d*\}/g)?.length ?? 0;
  const alternatives = plain.match(/\|/g)?.length ?? 0;
  return repetitions <= REPETITIONS_MAX && alternatives <= ALTERNATIVES_MAX;
}

/** Whether a repeated group repeats something itself or has alternatives, as `(a+)+` and `(a|a)*` do. */
function hasNestedRepetition(pattern: string): boolean {
  const groups: boolean[] = [];
  // Escapes and classes are one character for this purpose.
  const plain = pattern.replace(/\\./g, 'x').replace(/\[(?:[^\]]*)\]/g, 'x');
  for (let index = 0; index < plain.length; index++) {
    const character = plain[index];
    if (character === '(') groups.push(false);
    else if (character === ')') {
      const isRepeating = groups.pop() ?? false;
      if (isRepeating && /^(?:[*+]|\{\d*,)/.test(plain.slice(index + 1))) return true;
      if (isRepeating && groups.length > 0) groups[groups.length - 1] = true;
    } else if (groups.length > 0 && /[*+|]/.test(character)) groups[groups.length - 1] = true;
    else if (groups.length > 0 && /^\{\d+,/.test(plain.slice(index))) groups[groups.length - 1] = true;
  }
  return false;
}
