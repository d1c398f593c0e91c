// Plays a program on one broker and writes down what every channel hears after each command, frame by frame. A channel or
// connection that the server closes is opened again, so that the program goes on.
import { setTimeout as delay } from 'node:timers/promises';
import { RawClient } from '../support/raw-client.ts';
import * as wire from '../support/wire.ts';
import type { Command } from './programs.ts';

/** The channels: which connection and which number. */
const PLACES = [
  { connection: 0, channel: 1 },
  { connection: 0, channel: 2 },
  { connection: 1, channel: 1 },
];
/** So long nothing comes any more, and everything has come. */
const QUIET_MS = 12;
const RESERVED = ['x', 'y'];
/** flow-ok, close and close-ok of a channel: after each of them nothing of a command is to come from the channel itself. */
const ENDS = new Set(['20.21', '20.40', '20.41']);

export class Player {
  private readonly amqpPort: number;
  private readonly clients: RawClient[] = [];

  constructor(amqpPort: number) {
    this.amqpPort = amqpPort;
  }

  /** What is heard after each command, as text. */
  async play(program: readonly Command[]): Promise<readonly string[]> {
    await this.clean();
    for (const connection of [0, 1]) await this.connect(connection);
    const story: string[] = [];
    for (const command of program) {
      const { connection, channel } = PLACES[command.at];
      await this.done(this.clients[connection], channel, command);
      await this.rest();
      story.push(this.heard());
      await this.repair();
    }
    for (const client of this.clients) {
      client.send(wire.connectionClose);
      await client.method('10.51');
      client.socket.destroy();
    }
    return story;
  }

  private async connect(connection: number): Promise<void> {
    const client = await RawClient.open(this.amqpPort);
    this.clients[connection] = client;
    for (const place of PLACES) {
      if (place.connection !== connection || place.channel === 1) continue;
      client.send(wire.channelOpen(place.channel));
      await client.method('20.11');
    }
    client.frames.length = 0;
  }

  /** Sends a command and waits until the server has handled it: it answers what comes behind, or has closed something. */
  private async done(client: RawClient, channel: number, command: Command): Promise<void> {
    client.send(command.bytes(channel), wire.channelFlow(channel));
    const isEnd = ({ name, channel: from }: { name: string; channel: number }) =>
      name === '10.50' || (from === channel && ENDS.has(name));
    const last = await client.until(() => (client.isOver ? null : client.frames.find(isEnd)), command.name);
    if (last?.name === '20.21') client.frames.splice(client.frames.indexOf(last), 1);
  }

  /** Waits until no connection hears anything any more. */
  private async rest(): Promise<void> {
    for (let before = -1; ; ) {
      const count = this.clients.reduce((sum, client) => sum + client.frames.length + Number(client.isOver), 0);
      if (count === before) return;
      before = count;
      await delay(QUIET_MS);
    }
  }

  private heard(): string {
    return this.clients
      .flatMap((client, connection) => {
        const frames = client.frames.map((frame) => [frame.channel, shown(frame)] as const);
        // What channels hear is in order for each of them, not between them; confirms come between all else at any time.
        frames.sort(([a, first], [b, second]) => a - b || Number(isConfirm(first)) - Number(isConfirm(second)));
        return confirmed(frames.map(([channel, text]) => `${connection}.${channel} ${text}`));
      })
      .join('\n');
  }

  /** Opens again what the server has closed, and forgets what was heard. */
  private async repair(): Promise<void> {
    for (const [connection, client] of this.clients.entries()) {
      const closes = client.closes();
      const closed = client.frames.filter(({ name }) => name === '20.41').map(({ channel }) => channel);
      client.frames.length = 0;
      if (closes.some(({ scope }) => scope === 'connection')) {
        client.send(wire.connectionCloseOk);
        await client.end();
        client.socket.destroy();
        await this.connect(connection);
        continue;
      }
      for (const { channel } of closes) {
        client.send(wire.channelCloseOk(channel));
        closed.push(channel);
      }
      for (const [index, channel] of closed.entries()) {
        client.send(wire.channelOpen(channel));
        await client.method('20.11', index + 1);
      }
      client.frames.length = 0;
    }
  }

  /** Deletes what an earlier program may have left. */
  private async clean(): Promise<void> {
    await using client = await RawClient.open(this.amqpPort);
    for (const queue of ['a', 'b']) client.send(wire.queueDelete(1, queue));
    for (const exchange of RESERVED)
      client.send(wire.method(1, 40, 20, wire.u16(0), wire.shortstr(exchange), wire.u8(0)));
    await client.method('40.21', RESERVED.length);
    client.send(wire.connectionClose);
    await client.method('10.51');
  }
}

const CONFIRMS = new Set(['60.80', '60.120']);
const isConfirm = (text: string): boolean => CONFIRMS.has(text.split(' ')[0]);

/** How many publishes one ack confirms is a matter of timing: only the last of a row counts. */
function confirmed(lines: readonly string[]): string[] {
  const isAck = (line: string | undefined) => line !== undefined && / 60\.80 /.test(line);
  return lines
    .filter((line, place) => !(isAck(line) && isAck(lines[place + 1])))
    .map((line) => (isAck(line) ? line.slice(0, -2) : line));
}

/** The seconds at which a letter died. */
const DEATH_TIME = /74696d6554[0-9a-f]{16}/g;

function shown({
  type,
  name,
  payload,
}: {
  readonly type: number;
  readonly name: string;
  readonly payload: Buffer;
}): string {
  if (type === 2) return `header ${payload.toString('hex').replace(DEATH_TIME, 'time')}`;
  if (type === 3) return `body ${payload.toString('latin1')}`;
  if (name === '20.40' || name === '10.50') {
    const end = 7 + payload[6];
    return `${name} ${payload.readUInt16BE(4)} ${payload.toString('utf8', 7, end)} ${payload.subarray(end).toString('hex')}`;
  }
  return CONFIRMS.has(name)
    ? `${name} ${payload.readBigUInt64BE(4)} ${payload[12]}`
    : `${name} ${payload.subarray(4).toString('hex')}`;
}
