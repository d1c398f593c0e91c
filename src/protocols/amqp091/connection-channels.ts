// The channels of one connection as it sees them: they open, answer, end and crash. A crashed channel closes its connection
// with 541, and nothing else notices (DESIGN decision 11).
import type { SupervisorPid } from '../../behaviours/index.ts';
import { type BrokerLimits, channelClosed, enterChannel } from '../../broker/index.ts';
import type { Context, DownMessage, Effects } from '../../process/index.ts';
import { isClean } from '../../term/index.ts';
import type { ChannelSlot, ChannelTable, Step } from './channel-table.ts';
import { type Method, methodIds, type ReplyCode } from './codec/index.ts';
import type { ConnectionOutput } from './connection-output.ts';
import type { CloseCause, Command, FromChannel } from './envelope.ts';
import { sibling, startChannel } from './tree.ts';

/** What every channel of a connection is told when it starts. */
export interface ChannelSettings {
  readonly vhost: string;
  readonly user: string;
  readonly wantsCancelNotify: boolean;
  /** Default of a delivery's acknowledgement timeout; Infinity for none. */
  readonly consumerTimeoutMs: number;
  readonly limits: BrokerLimits;
  /** Channels that may be open at once, as negotiated. */
  readonly channelMax: number;
}

export class ConnectionChannels {
  private readonly context: Context<FromChannel>;
  private readonly table: ChannelTable;
  private readonly output: ConnectionOutput;
  private readonly closeWith: (cause: CloseCause) => void;
  private user = '';
  private supervisor: SupervisorPid | null = null;

  constructor(
    context: Context<FromChannel>,
    table: ChannelTable,
    output: ConnectionOutput,
    closeWith: (cause: CloseCause) => void,
  ) {
    this.context = context;
    this.table = table;
    this.output = output;
    this.closeWith = closeWith;
  }

  /** A command that its channel cannot be handed: the channel opens, is not open, or has just been closed. */
  *step({ channel, command }: Step, settings: ChannelSettings): Effects<void> {
    const slot = this.table.get(channel);
    const method = command.method as Method;
    if (method.name.startsWith('connection.')) this.closeFor(503, 'unimplemented method', method);
    else if (slot === undefined && method.name !== 'channel.open')
      this.closeFor(504, "expected 'channel.open'", method);
    else if (slot === undefined) yield* this.open(channel, settings);
    else if (method.name === 'channel.open') this.closeFor(504, "second 'channel.open' seen", method);
    else if (method.name === 'channel.close-ok' && slot.isClosing) this.closeOk(slot, command);
    else this.table.pass(slot, command);
  }

  private *open(channel: number, { channelMax, ...settings }: ChannelSettings): Effects<void> {
    const { context, table } = this;
    if (table.size >= channelMax) {
      const text = `number of channels opened (${table.size}) has reached the negotiated channel_max (${channelMax})`;
      this.closeWith({ code: 530, text, classId: 0, methodId: 0 });
      return;
    }
    const refusal = yield* enterChannel(context.self, settings.user, table.size);
    if (refusal !== null) {
      this.closeWith({ code: 530, text: refusal, classId: 0, methodId: 0 });
      return;
    }
    this.user = settings.user;
    this.supervisor ??= yield* sibling(context, 'channels');
    const args = { connection: context.self, channel, ...settings };
    const pid = yield* startChannel(this.supervisor, args);
    table.open(channel, pid, context.monitor(pid));
    this.output.method(channel, { name: 'channel.open-ok' });
  }

  /** The number is free at once: a client may open it again in the same breath. */
  private closeOk(slot: ChannelSlot, command: Command): void {
    this.context.send(slot.pid, { tag: 'commands', commands: [...slot.takeCommands(), command], bytes: 0 });
    this.forget(slot);
  }

  replied({ channel, replies }: Extract<FromChannel, { tag: 'replies' }>): void {
    this.output.replies(channel, replies);
    const slot = this.table.get(channel);
    const isClosing = replies.some(({ method }) => method.name === 'channel.close');
    if (slot !== undefined && isClosing) slot.isClosing = true;
  }

  delivered({ channel, deliveries }: Extract<FromChannel, { tag: 'deliveries' }>): void {
    const slot = this.table.get(channel);
    if (slot !== undefined) this.output.deliveries(channel, slot.pid, deliveries);
  }

  /** A channel has ended in order; its last replies are written when the connection still `isRunning`. */
  ended({ channel, from, replies }: Extract<FromChannel, { tag: 'ended' }>, isRunning: boolean): void {
    const slot = this.table.get(channel);
    // After close-ok the number may belong to another process already.
    if (slot === undefined || slot.pid !== from) return;
    if (isRunning) this.output.replies(channel, replies);
    this.forget(slot);
  }

  down({ ref, reason }: DownMessage): void {
    const slot = this.table.byRef(ref);
    if (slot === undefined) return;
    this.forget(slot);
    if (!isClean(reason)) this.closeWith({ code: 541, text: '', classId: 0, methodId: 0 });
  }

  private forget(slot: ChannelSlot): void {
    this.context.demonitor(slot.ref, { flush: true });
    this.output.forget(slot.pid);
    this.table.close(slot.channel);
    channelClosed(this.context, this.context.self, this.user, this.table.size);
  }

  private closeFor(code: ReplyCode, text: string, method: Method): void {
    this.closeWith({ code, text, ...methodIds(method.name) });
  }
}
