// Blanks comments, and in a second copy also the contents of strings, so that the rules search code and nothing else.
// Every blanked character becomes a space (line ends stay), so positions and line numbers are those of the source text.

/** Two copies of a text, of its length: `code` without comments, `bare` without comments and string contents. */
export interface Blanked {
  readonly code: string;
  readonly bare: string;
}

const REGEX_AFTER_WORD = /\b(?:return|typeof|case|in|of|delete|void|throw|new|else|do|yield|await)$/;
const REGEX_AFTER_CHARACTER = '(,=:[!&|?{};+-*%~^<>';

/** Blanks a TypeScript text. Template literals keep the code of their `${}` parts; regular expressions are strings. */
export function blank(text: string): Blanked {
  const code = text.split('');
  const bare = text.split('');
  /** For each open `${` the number of braces open inside it. */
  const templates: number[] = [];
  let at = text.startsWith('#!') ? endOfLine(text, 0) : 0;
  erase(code, 0, at);
  erase(bare, 0, at);
  while (at < text.length) {
    const next = tokenEnd(text, at, templates, bare);
    if (next.kind === 'comment') erase(code, at, next.end);
    if (next.kind !== 'code') erase(bare, at + next.keep, next.end - next.keep);
    at = next.end;
  }
  return { code: code.join(''), bare: bare.join('') };
}

interface Token {
  readonly kind: 'code' | 'comment' | 'string';
  readonly end: number;
  /** Delimiters at both ends that stay visible. */
  readonly keep: number;
}

function tokenEnd(text: string, at: number, templates: number[], bare: readonly string[]): Token {
  const character = text[at];
  if (text.startsWith('//', at)) return { kind: 'comment', end: endOfLine(text, at), keep: 0 };
  if (text.startsWith('/*', at)) {
    const close = text.indexOf('*/', at + 2);
    return { kind: 'comment', end: close < 0 ? text.length : close + 2, keep: 0 };
  }
  if (character === "'" || character === '"') return { kind: 'string', end: endOfQuoted(text, at, character), keep: 1 };
  if (character === '`') return templatePart(text, at, templates);
  if (character === '/' && startsRegex(bare, at)) return { kind: 'string', end: endOfRegex(text, at), keep: 1 };
  const depth = templates.length - 1;
  if (depth >= 0 && character === '{') templates[depth] += 1;
  if (depth >= 0 && character === '}') {
    if (templates[depth] === 0) {
      templates.pop();
      return templatePart(text, at, templates);
    }
    templates[depth] -= 1;
  }
  return { kind: 'code', end: at + 1, keep: 0 };
}

/** The literal part that starts at a backtick or at the `}` that ends a `${}`; its own delimiters stay. */
function templatePart(text: string, start: number, templates: number[]): Token {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '`') return { kind: 'string', end: at + 1, keep: 1 };
    else if (text.startsWith('${', at)) {
      templates.push(0);
      return { kind: 'string', end: at + 2, keep: 1 };
    }
  }
  return { kind: 'string', end: text.length, keep: 1 };
}

function startsRegex(bare: readonly string[], at: number): boolean {
  let before = at - 1;
  while (before >= 0 && /\s/.test(bare[before])) before -= 1;
  if (before < 0 || REGEX_AFTER_CHARACTER.includes(bare[before])) return true;
  return REGEX_AFTER_WORD.test(bare.slice(Math.max(0, before - 9), before + 1).join(''));
}

function endOfRegex(text: string, start: number): number {
  let inClass = false;
  for (let at = start + 1; at < text.length && text[at] !== '\n'; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '[') inClass = true;
    else if (text[at] === ']') inClass = false;
    else if (text[at] === '/' && !inClass) return at + 1;
  }
  return start + 1;
}

function endOfQuoted(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === quote) return at + 1;
    else if (text[at] === '\n') return at;
  }
  return text.length;
}

function endOfLine(text: string, start: number): number {
  const end = text.indexOf('\n', start);
  return end < 0 ? text.length : end;
}

function erase(characters: string[], start: number, end: number): void {
  for (let at = start; at < end; at += 1) if (characters[at] !== '\n') characters[at] = ' ';
}
