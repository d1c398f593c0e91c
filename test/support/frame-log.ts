// What a client has read from a broker, as frames, whatever the chunks it came in.

/** One frame as it came. `name` of a method is `class.method` in numbers. */
export interface ReceivedFrame {
  readonly type: number;
  readonly channel: number;
  readonly payload: Buffer;
  readonly name: string;
}

/** How a server let go of a client: what it said in connection.close or channel.close, or nothing. */
export interface Close {
  readonly scope: 'connection' | 'channel';
  readonly channel: number;
  readonly code: number;
  readonly text: string;
}

export class FrameLog {
  /** Everything but heartbeats. */
  readonly frames: ReceivedFrame[] = [];
  heartbeats = 0;
  /** The 8 bytes a server answers to a protocol header it does not know. */
  header: Buffer | null = null;
  private received = Buffer.alloc(0);

  push(bytes: Uint8Array): void {
    this.received = Buffer.concat([this.received, bytes]);
    if (this.received.subarray(0, 4).toString('latin1') === 'AMQP' && this.received.length >= 8) {
      this.header = this.received.subarray(0, 8);
      this.received = this.received.subarray(8);
    }
    while (this.received.length >= 8) {
      const size = this.received.readUInt32BE(3);
      if (this.received.length < size + 8) break;
      const type = this.received[0];
      const payload = this.received.subarray(7, 7 + size);
      const name = type === 1 ? `${payload.readUInt16BE(0)}.${payload.readUInt16BE(2)}` : '';
      if (type === 8) this.heartbeats++;
      else this.frames.push({ type, channel: this.received.readUInt16BE(1), payload, name });
      this.received = this.received.subarray(size + 8);
    }
  }

  closes(): readonly Close[] {
    const closes: Close[] = [];
    for (const { name, channel, payload } of this.frames) {
      if (name !== '10.50' && name !== '20.40') continue;
      const text = payload.toString('utf8', 7, 7 + payload[6]);
      closes.push({ scope: name === '10.50' ? 'connection' : 'channel', channel, code: payload.readUInt16BE(4), text });
    }
    return closes;
  }

  /** The bodies of everything delivered so far, over all channels. */
  bodies(): string[] {
    return this.frames.filter(({ type }) => type === 3).map(({ payload }) => payload.toString('latin1'));
  }
}
