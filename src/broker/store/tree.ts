// The part of the supervision tree that keeps the log.
//
//   log                        on the control thread; its end is the broker's
//   log agents (oneForOne)     one per data thread, placed on it
import { type ChildSpec, supervisor } from '../../behaviours/index.ts';
import type { LogOptions } from '../../storage/index.ts';
import type { Mfa } from '../../term/index.ts';
import { logServer } from './log-server.ts';
import { LOG_NAME } from './protocol.ts';

/** How a broker keeps what has to survive. */
export interface StorePlan {
  readonly log: LogOptions;
  /** Bytes of ready messages that the queues of one thread keep in memory before longer ones go to the disk only. */
  readonly residentBytesMax: number;
}

/** The extension of this very file: `.ts` from the sources, `.js` when built. */
const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const AGENT: Mfa = { module: new URL(`./log-agent.${EXTENSION}`, import.meta.url).href, export: 'logAgent' };
const CLOSE_MS = 30_000;
const AGENT_CRASHES = { intensity: 60, periodMs: 60_000 };

const agents = supervisor((_context, threads: readonly number[], residentBytesMax: number) => ({
  strategy: 'oneForOne',
  ...AGENT_CRASHES,
  children: threads.map((thread) => ({
    id: `log agent ${thread}`,
    start: { body: AGENT, args: [residentBytesMax], placement: { thread } },
  })),
}));

/** The children that come before everything else of a broker that keeps a log. */
export function storeLog({ log, residentBytesMax }: StorePlan, threads: readonly number[]): ChildSpec[] {
  return [
    {
      id: 'log',
      start: { body: logServer, args: [log], name: LOG_NAME },
      restart: 'temporary',
      significant: true,
      shutdown: CLOSE_MS,
    },
    { id: 'log agents', start: { body: agents, args: [threads, residentBytesMax] }, type: 'supervisor' },
  ];
}
