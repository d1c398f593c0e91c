// A row of the conformance matrix: one thing that AMQP 0-9-1 or RabbitMQ 3.10.8 has, what became of it here, and the test
// that shows it. Each group of rows is a file of its own; matrix.test.ts holds them against the code and the page.

/**
 * `built`: it does what RabbitMQ does. `refused`: RabbitMQ refuses it, and so does this broker. `more`: RabbitMQ 3.10 has
 * it not, or only as a plugin or in a later release. `absent`: it is not there, and `note` says why. `neither`: nor is it in
 * RabbitMQ 3.10.
 */
export type Status = 'built' | 'refused' | 'more' | 'absent' | 'neither';

/**
 * A test: its file below `test/`, without `.test.ts`, and its title as it is written there. `cases` are what the first
 * placeholders of a title with several cases stand for.
 */
export interface Proof {
  readonly file: string;
  readonly title: string;
  readonly cases: readonly string[];
}

/** A title, or one with its cases. */
type Titled = string | readonly [title: string, ...cases: readonly string[]];

export interface Row {
  readonly name: string;
  /** Where the rule stands: a section of the digest of behaviours, `F` and a section of the digest of features, or `B` and a law. */
  readonly digest: string;
  readonly status: Status;
  readonly proofs: readonly Proof[];
  readonly note?: string;
}

/** Rows under one heading of the page. */
export interface Group {
  readonly title: string;
  readonly rows: readonly Row[];
}

/** Tests of one file, by title: the file's proofs. */
export function inFile(file: string): (...titles: readonly Titled[]) => readonly Proof[] {
  return (...titles) =>
    titles.map((titled) => {
      const [title, ...cases] = typeof titled === 'string' ? [titled] : titled;
      return { file, title, cases };
    });
}

/** A row that is built and proven; `digest` and the proofs are of it. */
export function built(name: string, digest: string, proofs: readonly Proof[], note?: string): Row {
  return { name, digest, status: 'built', proofs, ...(note === undefined ? {} : { note }) };
}

/** A row that RabbitMQ refuses too. */
export function refused(name: string, digest: string, proofs: readonly Proof[], note?: string): Row {
  return { ...built(name, digest, proofs, note), status: 'refused' };
}

/** A row that RabbitMQ 3.10 itself has not; `note` says where it comes from. */
export function more(name: string, digest: string, proofs: readonly Proof[], note: string): Row {
  return { ...built(name, digest, proofs, note), status: 'more' };
}

/** A row that is not there, and why. */
export function absent(name: string, digest: string, note: string): Row {
  return { name, digest, status: 'absent', proofs: [], note };
}

/** A row that is not there, as in RabbitMQ 3.10: it never sends it, or it came with a later release. */
export function neither(name: string, digest: string, note: string): Row {
  return { name, digest, status: 'neither', proofs: [], note };
}
