// The broker's one log as a process of the control thread (DESIGN decision 15). It appends what agents and the metadata
// bring, tells each of them what is safe, and reads pages back. Its crash ends the broker: nothing may go on as if a
// confirm still meant something.
import { type From, genServer, noReply, ok, reply, replyTo, type ServerContext, stop } from '../../behaviours/index.ts';
import type { DiskResult } from '../../env/index.ts';
import { type Effects, receive } from '../../process/index.ts';
import { type LoadedPage, type LogOptions, type Opened, SegmentLog } from '../../storage/index.ts';
import type { AnyPid, Pid, Ref } from '../../term/index.ts';
import { alarmsOf, setAlarm } from '../alarms/index.ts';
import type { FromLog, LogCall, LogMessage } from './protocol.ts';
import { logRefused } from './refusal.ts';
import { type TakeTurn, turnDisk } from './turn-disk.ts';

interface Agent {
  readonly pid: Pid<FromLog>;
  readonly thread: string;
  readonly ref: Ref;
  lastBatch: number;
}

interface State {
  readonly log: SegmentLog;
  /** Those alive, by pid. */
  readonly agents: Map<AnyPid, Agent>;
  /** Who may write to a row. */
  readonly writers: Map<number, AnyPid>;
  /** Calls that wait for the death of an agent. */
  waiting: { readonly behind: AnyPid; readonly again: () => void }[];
  /** Of each thread in its present life: its last batch. */
  readonly lastBatches: Map<string, number>;
  readonly context: ServerContext;
  hasFailed: boolean;
  isFull: boolean;
  /** A timer runs for what nobody waits for. */
  isHurrying: boolean;
  /** A timer runs for making room. */
  isMakingRoom: boolean;
}

type DiskTurn = Extract<LogMessage, { tag: 'diskTurn' }>;
type Append = Extract<LogMessage, { tag: 'append' }>;
type Read = Extract<LogMessage, { tag: 'read' }>;

/** How long a page that could not be read is left alone. */
const READ_AGAIN_MS = 1_000;
/** How long a full disk is left alone. */
const RETRY_MS = 1_000;
/** How long acks and what else nobody waits for may lie before they are written: what a kill of the process can lose of them. */
const UNAWAITED_MS = 10;
const HURRY = { tag: 'hurry' } as const;
/** While the disk is low, what is acked makes room within this time, however little it is: publishers wait for it. */
const MAKE_ROOM_MS = 1_000;
const MAKE_ROOM = { tag: 'makeRoom' } as const;

const isDiskTurn = (message: unknown): message is DiskTurn =>
  (message as { readonly tag?: unknown } | null)?.tag === 'diskTurn';

/** The process body of the log; its argument is how to keep it. */
export const logServer = genServer<State, [LogOptions], LogCall, never, LogMessage>({
  label: 'log',
  *init(context, options) {
    context.trapExit(true);
    const inlet = context.inlet() as (message: DiskTurn) => void;
    const takeTurn: TakeTurn = (run) => inlet({ tag: 'diskTurn', run });
    const holder: { state: State | null } = { state: null };
    const opened = yield* completed<DiskResult<SegmentLog>>((done) =>
      SegmentLog.open(turnDisk(context.env.disk, takeTurn), options, listenerOf(context, holder), done),
    );
    if (!opened.ok) return stop({ tag: 'shutdown', detail: logRefused(opened.failure.text) });
    const agents = new Map<AnyPid, Agent>();
    const state: State = {
      log: opened.value,
      agents,
      writers: new Map(),
      waiting: [],
      lastBatches: new Map(),
      context,
      hasFailed: false,
      isFull: false,
      isHurrying: false,
      isMakingRoom: false,
    };
    holder.state = state;
    return ok(state);
  },
  handleCall(request, from, state, context) {
    switch (request.tag) {
      case 'join':
        join(state, request.agent, request.thread, from);
        return noReply(state);
      case 'openRows':
        openRows(state, request.agent, request.rows, from);
        return noReply(state);
      case 'page':
        state.log.read(request.row, request.from, request.limit, (result) => {
          if (!result.ok) throw new Error(`the log cannot be read: ${result.failure.text}`);
          replyTo(context, from, result.value satisfies LoadedPage);
        });
        return noReply(state);
      case 'rows':
        return reply(state.log.rows(), state);
    }
  },
  handleInfo(message, state) {
    switch (message.tag) {
      case 'diskTurn':
        message.run();
        break;
      case 'append':
        append(state, message);
        break;
      case 'read':
        read(state, message);
        break;
      case 'DOWN':
        agentDown(state, message.object as AnyPid);
        break;
      case 'timeout':
        if (message.message === null) state.log.retry();
        else if (message.message === HURRY) hurry(state);
        else if (message.message === MAKE_ROOM) makeRoom(state);
        else read(state, message.message as Read);
        break;
    }
    return noReply(state);
  },
  *terminate(_reason, { log, hasFailed }) {
    if (!hasFailed) yield* completed<DiskResult<true>>((done) => log.close(done));
  },
});

/** Waits for one end of something that works on the disk, and lets the disk's other ends happen meanwhile. */
function* completed<R>(start: (done: (result: R) => void) => void): Effects<R> {
  const ended: { result?: R } = {};
  start((result) => {
    ended.result = result;
  });
  while (!('result' in ended)) (yield* receive(isDiskTurn)).run();
  return ended.result as R;
}

function listenerOf({ env }: ServerContext, holder: { readonly state: State | null }) {
  return {
    failed(failure: { readonly code: string; readonly text: string }): void {
      env.logger.log('error', 'the log has failed; nothing persistent is taken any more', { ...failure });
      const { state } = holder;
      if (state === null) return;
      state.hasFailed = true;
      for (const { pid } of state.agents.values()) state.context.send(pid, { tag: 'logFailed' });
    },
    full(isFull: boolean): void {
      setAlarm(env.words, 'diskFull', isFull);
      env.logger.log(isFull ? 'error' : 'info', isFull ? 'no room on the disk; writing waits' : 'writing goes on');
      const { state } = holder;
      if (state === null) return;
      state.isFull = isFull;
      for (const { pid } of state.agents.values()) state.context.send(pid, { tag: 'logFull', isFull });
      if (isFull) state.context.startTimer(RETRY_MS, state.context.self, null);
    },
    report(event: string, data: Readonly<Record<string, unknown>>): void {
      env.logger.log('warning', event, data);
    },
  };
}

// ---- who writes

function join(state: State, pid: Pid<FromLog>, thread: string, from: From): void {
  const before = [...state.agents.values()].find((agent) => agent.thread === thread);
  if (before !== undefined) {
    state.waiting.push({ behind: before.pid, again: () => join(state, pid, thread, from) });
    return;
  }
  const { context } = state;
  const lastBatch = state.lastBatches.get(thread) ?? 0;
  const agent = { pid, thread, ref: context.monitor(pid), lastBatch };
  state.agents.set(pid, agent);
  replyTo(context, from, lastBatch);
  context.send(pid, { tag: 'logFull', isFull: state.isFull });
  if (state.hasFailed) context.send(pid, { tag: 'logFailed' });
  // What its predecessor brought becomes safe with everything else; the new one is told when.
  else if (lastBatch > 0)
    append(state, { tag: 'append', from: pid, batch: lastBatch, bytes: new Uint8Array(0), isAwaited: true });
}

function openRows(state: State, agent: Pid<FromLog>, rows: readonly number[], from: From): void {
  for (const row of rows) {
    const writer = state.writers.get(row);
    if (writer === undefined || writer === agent || !state.agents.has(writer)) continue;
    state.waiting.push({ behind: writer, again: () => openRows(state, agent, rows, from) });
    return;
  }
  for (const row of rows) state.writers.set(row, agent);
  const opened = rows.map((row): Opened | null => {
    const known = state.log.row(row);
    if (known === null) return null;
    const { lastSequence, count, bytes, mark } = known;
    const live = state.log.live(row);
    const [firstSequence, lastLiveSequence] = [live[0]?.[0] ?? 0, live.at(-1)?.[1] ?? 0];
    return { lastSequence, count, bytes, mark, firstSequence, lastLiveSequence };
  });
  replyTo(state.context, from, opened);
}

function agentDown(state: State, pid: AnyPid): void {
  const agent = state.agents.get(pid);
  if (agent === undefined) return;
  state.agents.delete(pid);
  state.lastBatches.set(agent.thread, agent.lastBatch);
  const free = state.waiting.filter(({ behind }) => behind === pid);
  state.waiting = state.waiting.filter(({ behind }) => behind !== pid);
  for (const { again } of free) again();
}

// ---- writing and reading

function append(state: State, { from, batch, bytes, isAwaited }: Append): void {
  const { log, context, agents } = state;
  const agent = agents.get(from);
  if (agent !== undefined) agent.lastBatch = Math.max(agent.lastBatch, batch);
  if (state.hasFailed) {
    context.send(from, { tag: 'logFailed' });
    return;
  }
  log.append(bytes, () => context.send(from, { tag: 'safe', batch }), isAwaited);
  if (isAwaited || state.isHurrying) return;
  state.isHurrying = true;
  context.startTimer(UNAWAITED_MS, context.self, HURRY);
}

function hurry(state: State): void {
  state.isHurrying = false;
  state.log.hurry();
  const { context } = state;
  if (state.isMakingRoom || !alarmsOf(context.env.words).includes('diskLow')) return;
  state.isMakingRoom = true;
  context.startTimer(MAKE_ROOM_MS, context.self, MAKE_ROOM);
}

function makeRoom(state: State): void {
  state.isMakingRoom = false;
  state.log.compact();
}

function read(state: State, message: Read): void {
  const { from, readId, row, sequence, limit } = message;
  const { log, context } = state;
  log.read(row, sequence, limit, (result) => {
    if (result.ok) {
      context.send(from, { tag: 'page', readId, page: result.value });
      return;
    }
    context.env.logger.log('error', 'the log cannot be read', { row, sequence, ...result.failure });
    context.startTimer(READ_AGAIN_MS, context.self, message);
  });
}
