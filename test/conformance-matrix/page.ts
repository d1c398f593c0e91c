// The page that the rows generate: a summary, then one table per group.
import type { Group, Proof, Row } from './row.ts';

const MARKS = {
  built: 'built',
  refused: 'refused, as by RabbitMQ',
  more: 'more than RabbitMQ 3.10',
  absent: 'not there',
  neither: 'not there, as in RabbitMQ 3.10',
};

const INTRODUCTION = `# Conformance, row by row

What AMQP 0-9-1 and RabbitMQ 3.10.8 have, what this broker makes of it, and the tests that prove it. The page is generated
from rows that a test holds against the code: each method, flag, argument, property and reply code that the code knows has
a row, and each row names tests that exist. After a change of the rows it is written again by

\`\`\`sh
npx vitest run test/conformance-matrix -u
\`\`\`

The tests of the files called \`protocol/connections\`, \`exchanges\`, \`queues\`, \`queue-arguments\`, \`consuming\`,
\`publishing\`, \`declaring-rules\`, \`message-rules\` and \`reply-codes\` are conversations over a socket that a RabbitMQ passes as well: \`WARREN_TEST_AMQP_PORT=5672\` runs them against
one. What is deliberately otherwise stands in [what differs from RabbitMQ](rabbitmq-differences.md).

Rules are numbered by the section of the behaviour that they are part of (1 opening, 2 frames and content, 3 connections,
4 channels, 5 exchanges, 6 queues, 7 basic, 8 confirms and transactions, 9 RabbitMQ's additions, 10 timing); \`F\` is a
feature of brokers, \`B\` a law of reliability.
`;

/** The whole page in Markdown. */
export function pageOf(groups: readonly Group[]): string {
  const rows = groups.flatMap((group) => group.rows);
  const counts = Object.entries(MARKS).map(
    ([status, words]) => `${rows.filter((row) => row.status === status).length} ${words}`,
  );
  return [INTRODUCTION, `${rows.length} rows: ${counts.join(', ')}.\n`, ...groups.map(tableOf)].join('\n');
}

function tableOf({ title, rows }: Group): string {
  const lines = rows.map(
    (row) => `| ${row.name} | ${row.digest} | ${wordsOf(row)} | ${row.proofs.map(linkOf).join('; ')} |`,
  );
  return `## ${title}\n\n| What | Rule | Here | Proof |\n|---|---|---|---|\n${lines.join('\n')}\n`;
}

function wordsOf({ status, note }: Row): string {
  return note === undefined ? MARKS[status] : `${MARKS[status]}: ${plain(note)}`;
}

function linkOf({ file, title, cases }: Proof): string {
  let used = 0;
  const words = title.replace(/%[a-z]/g, () => cases[used++] ?? '…');
  return `[${file}](../test/${file}.test.ts) “${plain(words)}”`;
}

/** Text without a meaning in Markdown. */
function plain(text: string): string {
  return text.replace(/[|*_<>`]/g, (sign) => `\\${sign}`);
}
