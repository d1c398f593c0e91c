// Regular expressions without backtracking (reliability 2.e, "CPU blow-up"): all ways through the expression are followed
// at once, so that a name costs at most its length times the size of the expression, whatever both say. Understands what
// JavaScript does without flags, except for looking around and back; only whether there is a match is asked.

/** Something that a name is tried against. */
export interface Pattern {
  test(text: string): boolean;
}

/** The largest expression with its counted repetitions written out, in instructions. */
const INSTRUCTIONS_MAX = 2_000;

type Instruction =
  | { readonly do: 'one'; readonly is: RegExp }
  | { readonly do: 'assert'; readonly is: RegExp }
  | { readonly do: 'split'; readonly to: number[] }
  | { readonly do: 'match' };

/** A piece of an expression: adds its instructions behind those that are there, and runs on into what follows. */
type Piece = (program: Instruction[]) => void;

class Unsupported extends Error {}

/** The pattern; null for one that looks around or back, or grows too large. It has to be an expression of JavaScript. */
export function linearPattern(source: string): Pattern | null {
  try {
    const program: Instruction[] = [];
    new Parser(source).whole()(program);
    emit(program, { do: 'match' });
    return { test: (text) => isFound(program, text) };
  } catch (error) {
    if (error instanceof Unsupported) return null;
    throw error;
  }
}

function emit(program: Instruction[], instruction: Instruction): void {
  if (program.length >= INSTRUCTIONS_MAX) throw new Unsupported();
  program.push(instruction);
}

// ---- parsing

const QUANTIFIER = /^(?:[*+?]|\{(\d+)(,(\d*))?\})\??/;
const CLASS = /^\[(?:\\[\s\S]|[^\]\\])*\]/;
const ESCAPE = /^\\(?:u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[a-zA-Z]|[\s\S])/;
const GROUP = /^\((?:\?:|\?<[^=!][^>]*>)?/;

class Parser {
  private readonly source: string;
  private at = 0;

  constructor(source: string) {
    this.source = source;
  }

  whole(): Piece {
    const piece = this.alternatives();
    if (this.at < this.source.length) throw new Unsupported();
    return piece;
  }

  private alternatives(): Piece {
    const branches = [this.sequence()];
    while (this.source[this.at] === '|') {
      this.at++;
      branches.push(this.sequence());
    }
    return branches.length === 1 ? branches[0] : (program) => oneOf(program, branches);
  }

  private sequence(): Piece {
    const pieces: Piece[] = [];
    while (this.at < this.source.length && !'|)'.includes(this.source[this.at])) pieces.push(this.repeated());
    return (program) => {
      for (const piece of pieces) piece(program);
    };
  }

  private repeated(): Piece {
    const piece = this.atom();
    const found = this.take(QUANTIFIER);
    if (found === null) return piece;
    const [whole, least = '', range, most] = found;
    if (whole[0] === '*') return repeat(piece, 0, Number.POSITIVE_INFINITY);
    if (whole[0] === '+') return repeat(piece, 1, Number.POSITIVE_INFINITY);
    if (whole[0] === '?') return repeat(piece, 0, 1);
    const max = range === undefined ? Number(least) : most === '' ? Number.POSITIVE_INFINITY : Number(most);
    return repeat(piece, Number(least), max);
  }

  private atom(): Piece {
    const character = this.source[this.at];
    if (character === '(') return this.group();
    if (character === '^' || character === '$') return this.assertion(this.source[this.at++]);
    if (character === '[') return one(this.take(CLASS)?.[0]);
    if (character !== '\\')
      return one(/[.]/.test(character) ? this.source[this.at++] : escaped(this.source[this.at++]));
    const taken = this.take(ESCAPE)?.[0];
    if (taken === undefined || /^\\[1-9k]/.test(taken)) throw new Unsupported();
    return /^\\[bB]/.test(taken) ? this.assertion(taken) : one(taken);
  }

  private group(): Piece {
    const opening = this.take(GROUP)?.[0] ?? '';
    if (opening === '(' && this.source[this.at] === '?') throw new Unsupported();
    const piece = this.alternatives();
    if (this.source[this.at++] !== ')') throw new Unsupported();
    return piece;
  }

  private assertion(source: string): Piece {
    const is = new RegExp(source, 'y');
    return (program) => emit(program, { do: 'assert', is });
  }

  private take(wanted: RegExp): RegExpExecArray | null {
    const found = wanted.exec(this.source.slice(this.at));
    this.at += found?.[0].length ?? 0;
    return found;
  }
}

function escaped(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
}

function one(source: string | undefined): Piece {
  if (source === undefined) throw new Unsupported();
  const is = new RegExp(`^${source}$`);
  return (program) => emit(program, { do: 'one', is });
}

function oneOf(program: Instruction[], branches: readonly Piece[]): void {
  const starts: number[] = [];
  const ends: number[][] = [];
  emit(program, { do: 'split', to: starts });
  for (const branch of branches) {
    starts.push(program.length);
    branch(program);
    const end: number[] = [];
    ends.push(end);
    emit(program, { do: 'split', to: end });
  }
  for (const end of ends) end.push(program.length);
}

function repeat(piece: Piece, least: number, most: number): Piece {
  return (program) => {
    for (let time = 0; time < least; time++) piece(program);
    if (most === Number.POSITIVE_INFINITY) {
      const start = program.length;
      const to = [start + 1];
      emit(program, { do: 'split', to });
      piece(program);
      emit(program, { do: 'split', to: [start] });
      to.push(program.length);
      return;
    }
    const ways: number[][] = [];
    for (let time = least; time < most; time++) {
      const to = [program.length + 1];
      ways.push(to);
      emit(program, { do: 'split', to });
      piece(program);
    }
    for (const to of ways) to.push(program.length);
  };
}

// ---- matching

function isFound(program: readonly Instruction[], text: string): boolean {
  const seenAt = new Int32Array(program.length).fill(-1);
  let current: number[] = [];
  for (let at = 0; at <= text.length; at++) {
    // A match may begin anywhere.
    const reached = follow(program, [...current, 0], text, at, seenAt);
    if (reached === null) return true;
    current = [];
    for (const index of reached) {
      const instruction = program[index];
      if (instruction.do === 'one' && at < text.length && instruction.is.test(text[at])) current.push(index + 1);
    }
  }
  return false;
}

/** The characters that are waited for once everything that takes none is done; null for a match. */
function follow(
  program: readonly Instruction[],
  from: number[],
  text: string,
  at: number,
  seenAt: Int32Array,
): number[] | null {
  const reached: number[] = [];
  for (let index = from.pop(); index !== undefined; index = from.pop()) {
    if (seenAt[index] === at) continue;
    seenAt[index] = at;
    const instruction = program[index];
    if (instruction.do === 'match') return null;
    if (instruction.do === 'one') reached.push(index);
    else if (instruction.do === 'split') from.push(...instruction.to);
    else {
      instruction.is.lastIndex = at;
      if (instruction.is.test(text)) from.push(index + 1);
    }
  }
  return reached;
}
