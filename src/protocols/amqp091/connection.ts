// One AMQP 0-9-1 connection (digest 1 to 4): owns its socket, reads commands for its channels in batches per chunk,
// writes what they answer once per slice. A crashed channel closes this connection with 541 and nothing else notices
// (DESIGN decision 11). Channel 0 is handled here, everything else in the channel's own process.

import { deleteExclusiveQueues, enterVhost, type ForcedClose } from '../../broker/index.ts';
import type { Socket, SocketEvent } from '../../env/index.ts';
import { type Context, type Effects, type Handler, isDown, receive, type SystemMessage } from '../../process/index.ts';
import type { Ref } from '../../term/index.ts';
import { ALARMS, AlarmWait } from './alarm-wait.ts';
import { ChannelTable, type Step } from './channel-table.ts';
import { FrameReader, type FrameSink, type Method, methodIds, type ReplyCode, replyText } from './codec/index.ts';
import { type ChannelSettings, ConnectionChannels } from './connection-channels.ts';
import { tryLogin } from './connection-login.ts';
import { ConnectionOutput } from './connection-output.ts';
import type { CloseCause, FromChannel } from './envelope.ts';
import { Handshake, type HandshakeStep } from './handshake.ts';
import { Heartbeat } from './heartbeat.ts';
import {
  CLOSE_OK_MS,
  FRAME_MAX_BEFORE_TUNE,
  HANDSHAKE_MS,
  READ_AHEAD_CHUNKS_MAX,
  SHUTDOWN_CLOSE_OK_MS,
  UNCONSUMED_BYTES_MAX,
} from './limits.ts';
import { certificateUser } from './login.ts';
import { entriesRefusal } from './method-bounds.ts';
import { ReadAhead, readersHere } from './read-ahead.ts';
import type { AmqpSettings } from './settings.ts';
import { takeSocket } from './sockets.ts';

export type ConnectionMessage =
  | SocketEvent
  | FromChannel
  | SystemMessage
  | ForcedClose
  | { readonly tag: 'flush' | 'readHeld' };

const FLUSH: ConnectionMessage = { tag: 'flush' };
const READ_HELD: ConnectionMessage = { tag: 'readHeld' };

/** The process body of a connection; its arguments are the key under which the listener left the socket, and settings. */
export const connection: Handler<Connection, ConnectionMessage, [number, AmqpSettings]> = {
  label: 'amqp connection',
  init: (context, socketKey, settings) => new Connection(context, takeSocket(context, socketKey), settings),
  handle: (state, message) => state.handle(message),
};

export class Connection {
  private readonly context: Context<ConnectionMessage>;
  private readonly socket: Socket;
  private readonly reader: FrameReader;
  private readonly output: ConnectionOutput;
  private readonly handshake: Handshake;
  private readonly table = new ChannelTable();
  private readonly channels: ConnectionChannels;
  private readonly sink: FrameSink;
  private phase: 'handshake' | 'running' | 'closing' | 'closed' = 'handshake';
  private heartbeat: Heartbeat | null = null;
  private readonly readAhead: ReadAhead;
  private commandsRead = 0;
  private unconsumedBytes = 0;
  private isReading = true;
  /** The chunk being read has content, which only publishes have. */
  private hasPublished = false;
  private readonly alarms: AlarmWait;
  private isFlushing = false;
  private deadline: Ref | null = null;
  private user = '';
  private readonly certificateUser: string | null;
  private settings: ChannelSettings;

  constructor(context: Context<ConnectionMessage>, socket: Socket, settings: AmqpSettings) {
    this.context = context;
    this.settings = { vhost: '', user: '', wantsCancelNotify: false, channelMax: 0, ...settings };
    this.socket = socket;
    this.readAhead = new ReadAhead(readersHere(context));
    const { certificateLogin, limits } = settings;
    this.reader = new FrameReader({ frameMax: FRAME_MAX_BEFORE_TUNE, bodyBytesMax: limits.messageBytes });
    const { heartbeatMinS, tableEntries, unreadAnswerBytes } = limits;
    this.handshake = new Handshake({ offersExternal: certificateLogin !== null, heartbeatMinS });
    this.certificateUser = certificateLogin === null ? null : certificateUser(socket, certificateLogin);
    context.trapExit(true);
    this.output = new ConnectionOutput(socket, (to, message) => context.send(to, message), unreadAnswerBytes);
    this.alarms = new AlarmWait(context, this.output);
    this.channels = new ConnectionChannels(context, this.table, this.output, (cause) => this.closeWith(cause));
    this.sink = {
      onProtocolHeader: (isAccepted) => this.onProtocolHeader(isAccepted),
      onCommand: (channel, method, content) => {
        this.commandsRead++;
        if (content !== null) this.hasPublished = true;
        const text = entriesRefusal(method, tableEntries);
        if (text === null) this.table.take(channel, { method, content });
        else this.table.takeError(channel, { code: 502, text, ...methodIds(method.name) }, false);
      },
      onError: (channel, { code, message, classId, methodId, isSoft }) =>
        this.table.takeError(channel, { code, text: message, classId, methodId }, isSoft),
    };
    context.own({ close: () => socket.destroy() });
    socket.attach(context.inlet());
    this.readOn();
    this.setDeadline(HANDSHAKE_MS);
  }

  handle(message: ConnectionMessage): this {
    switch (message.tag) {
      case 'chunk':
        this.readAhead.came();
        if (this.isReading && !this.readAhead.isHolding) return this.onChunk(message.bytes);
        this.readAhead.hold(message.bytes);
        return this;
      case 'readHeld':
        return this.onHeld();
      case 'flush':
        this.isFlushing = false;
        this.output.flush();
        return this;
      case 'deliveries':
        if (this.phase === 'running') this.channels.delivered(message);
        break;
      case 'replies':
        if (this.phase === 'running') this.channels.replied(message);
        break;
      case 'confirms':
        if (this.phase === 'running') this.output.confirms(message.channel, message.confirms);
        break;
      case 'consumed':
        this.consumed(message.bytes, message.isBehind);
        break;
      case 'ended':
        this.channels.ended(message, this.phase === 'running');
        break;
      case 'hardError':
        this.closeWith(message.cause);
        break;
      case 'forcedClose':
        this.closeWith({ code: 320, text: message.text, classId: 0, methodId: 0 });
        break;
      case 'drained':
        this.output.drained();
        if (!this.isReading) this.readOn();
        break;
      case 'closed':
        return this.context.exit('normal');
      case 'timeout':
        this.onTimer(message.ref, message.message);
        break;
      case 'DOWN':
        this.channels.down(message);
        break;
      case 'EXIT':
        if (message.from === this.context.parent) return this.context.perform(this.shutDown(message.reason));
        break;
    }
    this.flushSoon();
    return this;
  }

  // ---- reading

  private onChunk(bytes: Uint8Array): this {
    const nowMs = this.context.now();
    this.heartbeat?.received(nowMs);
    this.commandsRead = 0;
    this.reader.push(bytes, this.sink);
    this.readAhead.read(bytes.length, this.commandsRead, nowMs);
    this.unconsumedBytes += bytes.length;
    let isOwed = false;
    for (const slot of this.table.takeDirty()) {
      // The whole chunk is charged to the first channel in it; what matters is that it comes back.
      this.context.send(slot.pid, { tag: 'commands', commands: slot.takeCommands(), bytes: isOwed ? 0 : bytes.length });
      isOwed = true;
    }
    if (!isOwed) this.unconsumedBytes -= bytes.length;
    if (this.hasPublished) this.waitForAlarms();
    this.readOn();
    const steps = this.table.takeSteps();
    this.flushSoon();
    return steps.length === 0 ? this : this.context.perform(this.takeSteps(steps));
  }

  private onHeld(): this {
    const bytes = this.isReading ? this.readAhead.next() : undefined;
    return bytes === undefined ? this : this.onChunk(bytes);
  }

  private readOn(): void {
    this.isReading = !this.alarms.isBlocking && this.unconsumedBytes < UNCONSUMED_BYTES_MAX && !this.output.isOverfull;
    if (!this.isReading) return;
    if (this.readAhead.isHolding) this.context.send(this.context.self, READ_HELD);
    const chunks = this.readAhead.ask(this.phase === 'running' ? READ_AHEAD_CHUNKS_MAX : 1);
    if (chunks > 0) this.socket.active(chunks);
  }

  /** A connection that publishes while memory or disk are short is told, and waits (B19). */
  private waitForAlarms(): void {
    this.hasPublished = false;
    if (this.phase === 'running') this.alarms.look(this.handshake.capabilities.connectionBlocked);
  }

  private lookAtAlarms(): void {
    if (this.alarms.isOver(this.handshake.capabilities.connectionBlocked)) this.readOn();
  }

  private consumed(bytes: number, isBehind: boolean): void {
    this.unconsumedBytes -= bytes;
    this.readAhead.consumed(isBehind);
    if (!this.isReading) this.readOn();
  }

  private onProtocolHeader(isAccepted: boolean): void {
    if (isAccepted) this.output.method(0, this.handshake.start(this.context.self.origin.node));
    else {
      this.output.protocolHeader();
      this.hangUp();
    }
  }

  /** What cannot simply be passed on: channel 0, channels that open, the handshake, breaches. */
  private *takeSteps(steps: readonly Step[]): Effects<this> {
    for (const step of steps) {
      if (this.phase === 'closed') break;
      if (step.command.method === null) this.onBreach(step.channel, step.command.cause, step.isSoft);
      else if (this.phase === 'closing') this.whileClosing(step.channel, step.command.method);
      else if (this.phase === 'handshake') yield* this.handshakeStep(step.channel, step.command.method);
      else if (step.channel === 0) yield* this.onChannelZero(step.command.method);
      else yield* this.channels.step(step, this.settings);
    }
    this.handOver();
    this.flushSoon();
    return this;
  }

  /** Channels get what has been read for them; before they are released as well, for it was said before the close. */
  private handOver(): void {
    for (const slot of this.table.takeDirty()) {
      this.context.send(slot.pid, { tag: 'commands', commands: slot.takeCommands(), bytes: 0 });
    }
  }

  private *handshakeStep(channel: number, method: Method): Effects<void> {
    let step: HandshakeStep = channel === 0 ? this.handshake.take(method) : { do: 'hangUp' };
    if (step.do === 'login' || step.do === 'loginByCertificate') {
      const { user, isGood } = yield* tryLogin(step, this.socket, this.certificateUser, this.settings.limits);
      this.user = user;
      step = isGood ? this.handshake.loggedIn() : this.handshake.refused();
    }
    if (step.do === 'send') this.output.method(0, step.method);
    else if (step.do === 'close') {
      this.closeWith(step.cause);
      this.endOutput();
    } else if (step.do === 'hangUp') this.hangUp();
    else if (step.do === 'tuned') {
      this.reader.frameMax = step.tuning.frameMax;
      this.output.frameMax = step.tuning.frameMax;
      this.settings = { ...this.settings, channelMax: step.tuning.channelMax };
      if (step.tuning.heartbeatS > 0) this.startHeartbeat(step.tuning.heartbeatS);
    } else if (step.do === 'open') yield* this.open(step.vhost);
  }

  private *open(vhost: string): Effects<void> {
    const text = yield* enterVhost(this.context.self, this.user, vhost, this.settings.limits);
    if (text !== null) {
      this.closeWith({ code: 530, text, classId: 10, methodId: 40 });
      return;
    }
    const { consumerCancelNotify: wantsCancelNotify } = this.handshake.capabilities;
    this.settings = { ...this.settings, vhost, user: this.user, wantsCancelNotify };
    this.phase = 'running';
    this.setDeadline(null);
    this.output.method(0, { name: 'connection.open-ok' });
  }

  private *onChannelZero(method: Method): Effects<void> {
    if (method.name === 'connection.close') yield* this.onClose();
    else if (method.name === 'connection.update-secret') this.output.method(0, { name: 'connection.update-secret-ok' });
    else this.closeFor(504, 'unexpected method in connection state running', method);
  }

  // ---- closing

  private onBreach(channel: number, cause: CloseCause, isSoft: boolean): void {
    const slot = this.table.get(channel);
    if (isSoft && slot !== undefined) this.table.pass(slot, { method: null, cause });
    else if (this.phase === 'handshake') this.hangUp();
    else if (this.phase === 'running') this.closeWith(cause);
  }

  private closeFor(code: ReplyCode, text: string, method: Method): void {
    this.closeWith({ code, text, ...methodIds(method.name) });
  }

  /** Sends connection.close; from now on only close and close-ok are heard (digest 3). */
  private closeWith({ code, text, classId, methodId }: CloseCause): void {
    if (this.phase === 'closing' || this.phase === 'closed') return;
    this.phase = 'closing';
    this.handOver();
    this.table.releaseAll((pid) => this.context.send(pid, { tag: 'release' }));
    // Channels that end here may give no credit back, but close-ok has to be heard.
    this.unconsumedBytes = 0;
    this.alarms.end();
    if (!this.isReading) this.readOn();
    const text255 = replyText(code as ReplyCode, text);
    this.output.method(0, { name: 'connection.close', replyCode: code, replyText: text255, classId, methodId });
    this.flushSoon();
    // Frames after a framing error cannot be told apart, so the client's close-ok cannot be awaited: RabbitMQ waits 3 s.
    this.setDeadline(code === 501 ? 3_000 : CLOSE_OK_MS);
    if (code === 501) this.endOutput();
  }

  private whileClosing(channel: number, method: Method): void {
    if (channel !== 0) return;
    if (method.name === 'connection.close') this.output.method(0, { name: 'connection.close-ok' });
    else if (method.name === 'connection.close-ok') this.hangUp();
  }

  private *onClose(): Effects<void> {
    yield* this.releaseChannels();
    yield* deleteExclusiveQueues(this.context.self);
    this.output.method(0, { name: 'connection.close-ok' });
    this.phase = 'closed';
    this.output.flush();
    // Under an alarm, too, the end of the stream has to be heard, and nothing may follow close-ok.
    this.alarms.end();
    if (!this.isReading) this.readOn();
    // The client closes the socket first; one that does not is not waited for longer than this.
    this.setDeadline(CLOSE_OK_MS);
  }

  private *releaseChannels(): Effects<void> {
    this.handOver();
    const refs: Ref[] = this.table.releaseAll((pid) => this.context.send(pid, { tag: 'release' }));
    for (const ref of refs) yield* receive((message) => isDown(message, ref));
  }

  private *shutDown(reason: unknown): Effects<this> {
    if (this.phase === 'running') {
      const text = "broker forced connection closure with reason 'shutdown'";
      this.closeWith({ code: 320, text, classId: 0, methodId: 0 });
      this.output.flush();
      const hasClosed = (message: unknown) => (message as { tag?: unknown }).tag === 'closed';
      yield* receive((message) => hasClosed(message) || this.hearsCloseOk(message), { afterMs: SHUTDOWN_CLOSE_OK_MS });
      this.context.env.logger.log('debug', 'connection closed for shutdown', { peer: this.socket.remote.host });
    }
    this.context.exit(reason);
  }

  /** Reads a chunk while shutting down, only to find close-ok in it. */
  private hearsCloseOk(message: unknown): boolean {
    if ((message as { tag?: unknown }).tag !== 'chunk') return false;
    this.readAhead.hold((message as { bytes: Uint8Array }).bytes);
    for (let bytes = this.readAhead.next(); bytes !== undefined; bytes = this.readAhead.next()) {
      this.reader.push(bytes, this.sink);
    }
    this.socket.active(1);
    return this.table.takeSteps().some((step) => step.command.method?.name === 'connection.close-ok');
  }

  private hangUp(): void {
    this.phase = 'closed';
    this.endOutput();
    this.setDeadline(3_000);
  }

  private endOutput(): void {
    this.output.flush();
    this.socket.end();
  }

  // ---- time

  private setDeadline(ms: number | null): void {
    if (this.deadline !== null) this.context.cancelTimer(this.deadline);
    this.deadline = ms === null ? null : this.context.startTimer(ms, this.context.self, 'deadline');
  }

  private startHeartbeat(timeoutS: number): void {
    this.heartbeat = new Heartbeat(timeoutS, this.context.now());
    this.context.startTimer(this.heartbeat.firstMs, this.context.self, 'heartbeat');
  }

  private onTimer(ref: Ref, what: unknown): void {
    if (ref === this.deadline) this.context.exit('normal');
    if (what === ALARMS) this.lookAtAlarms();
    if (what !== 'heartbeat' || this.heartbeat === null) return;
    if (this.output.hasSent) this.heartbeat.sent();
    this.output.hasSent = false;
    const { send, isLost, nextMs } = this.heartbeat.tick(this.context.now(), this.isReading);
    if (isLost) this.context.exit('normal');
    if (send && this.phase !== 'closed') this.output.heartbeat();
    this.context.startTimer(nextMs, this.context.self, 'heartbeat');
  }

  /** Asks itself to write once everything already in the mailbox has been handled. */
  private flushSoon(): void {
    if (this.isFlushing || !this.output.isDirty) return;
    this.isFlushing = true;
    this.context.send(this.context.self, FLUSH);
  }
}
