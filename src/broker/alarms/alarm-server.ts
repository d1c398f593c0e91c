// Looks at memory and disk every second, at a disk that could soon be full more often, and raises the alarms that hold
// publishers back (B19; DESIGN decision 16). An alarm ends some way below the bound that began it, so that it does not
// flicker.
import { genServer, noReply, ok, type ServerContext } from '../../behaviours/index.ts';
import type { DownMessage, TimeoutMessage } from '../../process/index.ts';
import type { AnyPid } from '../../term/index.ts';
import { type Alarm, setAlarm } from './alarm-word.ts';

export const ALARMS_NAME = 'broker.alarms';

/** The bounds of a broker. */
export interface AlarmSettings {
  /** Bytes of memory that the process may use. */
  readonly memoryBytesMax: number;
  /** The share of a thread's heap that may be in use. */
  readonly heapShareMax: number;
  /** Bytes that have to be free on the disk; null for a broker without one. */
  readonly diskFreeBytesMin: number | null;
}

/** What one thread's watch says when it changes. */
export interface HeapNews {
  readonly tag: 'heap';
  readonly from: AnyPid;
  readonly isOver: boolean;
}

type FreeBytes = { readonly tag: 'freeBytes'; readonly bytes: number };
type AlarmMessage = HeapNews | FreeBytes | DownMessage | TimeoutMessage;

interface State {
  readonly settings: AlarmSettings;
  readonly context: ServerContext;
  readonly inlet: (message: FreeBytes) => void;
  /** The watches of threads whose heap is nearly full. */
  readonly over: Set<AnyPid>;
  /** The next look at the disk comes sooner than the others. */
  isSoon: boolean;
}

const LOOK_MS = 1_000;
/** No log is written faster: before the free bytes could be used up, the disk is looked at again. */
const BYTES_PER_MS = 1_000_000;
const SOONEST_MS = 20;
const SOON = { tag: 'soon' } as const;
/** The share of a bound below which its alarm ends. */
const END_SHARE = 0.95;

/** The process body; its argument is {@link AlarmSettings}. */
export const alarmServer = genServer<State, [AlarmSettings], never, never, AlarmMessage>({
  label: 'alarms',
  init(context, settings) {
    clearOwn(context);
    const inlet = context.inlet() as State['inlet'];
    const state = { settings, context, inlet, over: new Set<AnyPid>(), isSoon: false };
    look(state);
    return ok(state);
  },
  handleInfo(message, state) {
    switch (message.tag) {
      case 'timeout':
        if (message.message === SOON) lookAgain(state);
        else look(state);
        break;
      case 'heap':
        if (message.isOver) state.context.monitor(message.from);
        tell(state, message.from, message.isOver);
        break;
      case 'DOWN':
        tell(state, message.object as AnyPid, false);
        break;
      case 'freeBytes':
        lookAtDisk(state, message.bytes);
        break;
    }
    return noReply(state);
  },
  terminate(_reason, { context }) {
    clearOwn(context);
  },
});

/** What a server before this one has left; the log's alarm is its own. */
function clearOwn({ env }: ServerContext): void {
  for (const alarm of ['memory', 'heap', 'diskLow'] as const) setAlarm(env.words, alarm, false);
}

function look(state: State): void {
  const { context, settings } = state;
  const { memory } = context.env;
  if (memory !== undefined) lookAtMemory(state, memory.usedBytes());
  if (settings.diskFreeBytesMin !== null) askDisk(state);
  context.startTimer(LOOK_MS, context.self, null);
}

/** A disk that does not say leaves the alarm as it is. */
function askDisk({ context, inlet }: State): void {
  context.env.disk.freeBytes((result) => {
    if (result.ok) inlet({ tag: 'freeBytes', bytes: result.value });
  });
}

function lookAgain(state: State): void {
  state.isSoon = false;
  askDisk(state);
}

function lookAtMemory(state: State, usedBytes: number): void {
  const { memoryBytesMax } = state.settings;
  if (usedBytes > memoryBytesMax) raise(state, 'memory', true, { usedBytes, memoryBytesMax });
  else if (usedBytes < END_SHARE * memoryBytesMax) raise(state, 'memory', false, { usedBytes, memoryBytesMax });
}

function lookAtDisk(state: State, freeBytes: number): void {
  const { diskFreeBytesMin } = state.settings;
  if (diskFreeBytesMin === null) return;
  const lastsMs = Math.max(SOONEST_MS, (freeBytes - diskFreeBytesMin) / BYTES_PER_MS);
  if (freeBytes >= diskFreeBytesMin && lastsMs < LOOK_MS && !state.isSoon) {
    state.isSoon = true;
    state.context.startTimer(Math.ceil(lastsMs), state.context.self, SOON);
  }
  if (freeBytes < diskFreeBytesMin) raise(state, 'diskLow', true, { freeBytes, diskFreeBytesMin });
  else if (freeBytes > diskFreeBytesMin / END_SHARE) raise(state, 'diskLow', false, { freeBytes, diskFreeBytesMin });
}

function tell(state: State, watch: AnyPid, isOver: boolean): void {
  if (isOver) state.over.add(watch);
  else state.over.delete(watch);
  raise(state, 'heap', state.over.size > 0, { threads: state.over.size });
}

function raise({ context }: State, alarm: Alarm, isOn: boolean, data: Readonly<Record<string, number>>): void {
  if (!setAlarm(context.env.words, alarm, isOn)) return;
  const event = isOn ? 'alarm: publishers wait' : 'alarm over: publishers go on';
  context.env.logger.log(isOn ? 'warning' : 'info', event, { alarm, ...data });
}
