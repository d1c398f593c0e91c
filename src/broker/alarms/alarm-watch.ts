// Looks at the heap of its thread, which has a bound of its own, and tells the broker's alarms when it is nearly full.
import { genServer, noReply, ok, type ServerContext } from '../../behaviours/index.ts';
import type { TimeoutMessage } from '../../process/index.ts';
import type { Pid } from '../../term/index.ts';
import { ALARMS_NAME, type HeapNews } from './alarm-server.ts';

interface State {
  readonly context: ServerContext;
  readonly heapShareMax: number;
  isOver: boolean;
  /** Looks until garbage is collected once more. */
  looksToCollect: number;
}

const LOOK_MS = 250;
/** While publishers wait nothing may be left that would have the garbage collected by itself. */
const COLLECT_LOOKS = 8;
/** The alarm ends when garbage has been collected down to this share of the bound. */
const END_SHARE = 0.85;

/** The process body of a thread's watch; its argument is the share of the heap that may be in use. */
export const alarmWatch = genServer<State, [number], never, never, TimeoutMessage>({
  label: 'heap watch',
  init(context, heapShareMax) {
    const state = { context, heapShareMax, isOver: false, looksToCollect: 0 };
    look(state);
    return ok(state);
  },
  handleInfo(_timeout, state) {
    look(state);
    return noReply(state);
  },
});

function look(state: State): void {
  const { context, heapShareMax, isOver } = state;
  if (isOver && state.looksToCollect-- <= 0) {
    context.env.memory?.collect();
    state.looksToCollect = COLLECT_LOOKS;
  }
  const share = context.env.memory?.heapShare() ?? 0;
  const bound = isOver ? END_SHARE * heapShareMax : heapShareMax;
  if (share > bound !== isOver) {
    state.isOver = !isOver;
    const alarms = context.whereis(ALARMS_NAME) as Pid<HeapNews> | undefined;
    // Without somebody to tell it is tried again at the next look.
    if (alarms === undefined) state.isOver = isOver;
    else context.send(alarms, { tag: 'heap', from: context.self, isOver: state.isOver });
  }
  context.startTimer(LOOK_MS, context.self, null);
}
