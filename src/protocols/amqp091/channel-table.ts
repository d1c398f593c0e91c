// The channels of one connection: their processes, and the commands of the chunk being read, gathered per channel so
// that each gets one batch.
import type { Pid, Ref } from '../../term/index.ts';
import type { CloseCause, Command, ToChannel } from './envelope.ts';

/** One open channel. */
export class ChannelSlot {
  readonly channel: number;
  readonly pid: Pid<ToChannel>;
  readonly ref: Ref;
  /** The channel has sent channel.close and waits for close-ok. */
  isClosing = false;
  private commands: Command[] = [];

  constructor(channel: number, pid: Pid<ToChannel>, ref: Ref) {
    this.channel = channel;
    this.pid = pid;
    this.ref = ref;
  }

  /** Adds a command; true when it is the first of its batch. */
  add(command: Command): boolean {
    return this.commands.push(command) === 1;
  }

  takeCommands(): readonly Command[] {
    const commands = this.commands;
    this.commands = [];
    return commands;
  }
}

/** Something of the chunk that the connection has to look at itself, in order. */
export interface Step {
  readonly channel: number;
  readonly command: Command;
  readonly isSoft: boolean;
}

export class ChannelTable {
  private readonly slots = new Map<number, ChannelSlot>();
  private dirty: ChannelSlot[] = [];
  private steps: Step[] = [];

  get size(): number {
    return this.slots.size;
  }

  get(channel: number): ChannelSlot | undefined {
    return this.slots.get(channel);
  }

  byRef(ref: Ref): ChannelSlot | undefined {
    for (const slot of this.slots.values()) if (slot.ref === ref) return slot;
    return undefined;
  }

  open(channel: number, pid: Pid<ToChannel>, ref: Ref): void {
    this.slots.set(channel, new ChannelSlot(channel, pid, ref));
  }

  close(channel: number): void {
    this.slots.delete(channel);
  }

  /** A command of the chunk: into its channel's batch, or a step for the connection. */
  take(channel: number, command: Command): void {
    const slot = this.slots.get(channel);
    // Behind a step everything is a step: channel.open and the first publish may come in one chunk.
    if (slot === undefined || this.steps.length > 0 || isForConnection(command)) {
      this.steps.push({ channel, command, isSoft: false });
    } else this.pass(slot, command);
  }

  /** A command for the channel's own process, behind what it has already got. */
  pass(slot: ChannelSlot, command: Command): void {
    if (slot.add(command)) this.dirty.push(slot);
  }

  takeError(channel: number, cause: CloseCause, isSoft: boolean): void {
    this.steps.push({ channel, command: { method: null, cause }, isSoft });
  }

  takeDirty(): readonly ChannelSlot[] {
    const { dirty } = this;
    if (dirty.length > 0) this.dirty = [];
    return dirty;
  }

  /** The steps of the chunk; from now on commands go to their batches again. */
  takeSteps(): readonly Step[] {
    const { steps } = this;
    if (steps.length > 0) this.steps = [];
    return steps;
  }

  /** Calls `tell` for every channel and forgets them; returns their monitors. */
  releaseAll(tell: (pid: Pid<ToChannel>) => void): Ref[] {
    const refs: Ref[] = [];
    for (const { pid, ref } of this.slots.values()) {
      tell(pid);
      refs.push(ref);
    }
    this.slots.clear();
    this.dirty = [];
    return refs;
  }
}

function isForConnection({ method }: Command): boolean {
  if (method === null) return false;
  const { name } = method;
  return name === 'channel.open' || name === 'channel.close-ok' || name.startsWith('connection.');
}
