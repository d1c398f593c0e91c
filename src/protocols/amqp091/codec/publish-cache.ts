// Repeated publishes: the arguments of the last basic.publish are remembered as bytes. The same bytes again give the
// same (immutable) method object, and an equal exchange or routing key alone gives the same string, so a steady
// publisher costs a comparison, no string and no object.
//
//   ids(4) ticket(2) exchange-length(1) exchange key-length(1) routing-key bits(1)
import { copyBytes } from './byte-copy.ts';
import { cannotDecode, malformedUtf8 } from './codec-error.ts';
import type { MethodOf } from './method-table.ts';
import { decodeText } from './text.ts';

type Publish = MethodOf<'basic.publish'>;

const NOTHING = new Uint8Array(0);
const EXCHANGE_LENGTH_AT = 6;
const SHORTEST = 9;

/** The last basic.publish of one reader. */
export class PublishCache {
  private bytes: Uint8Array = NOTHING;
  private length = 0;
  private last: Publish | null = null;

  /** The basic.publish whose frame payload is `start..end`. Throws CodecError as `decodeMethod` does. */
  decode(chunk: Uint8Array, start: number, end: number): Publish {
    const { last, bytes } = this;
    if (last !== null && end - start === this.length) {
      // From the back: the routing key differs more often than the exchange. The ids are known, the ticket is ignored.
      let i = this.length - 1;
      while (i >= EXCHANGE_LENGTH_AT && bytes[i] === chunk[start + i]) i--;
      if (i < EXCHANGE_LENGTH_AT) return last;
    }
    return this.remember(chunk, start, end);
  }

  private remember(chunk: Uint8Array, start: number, end: number): Publish {
    const exchangeAt = start + EXCHANGE_LENGTH_AT + 1;
    const exchangeEnd = end - start < SHORTEST ? end : exchangeAt + chunk[exchangeAt - 1];
    const keyAt = exchangeEnd + 1;
    const keyEnd = exchangeEnd >= end ? end : keyAt + chunk[exchangeEnd];
    if (keyEnd + 1 !== end) throw cannotDecode(chunk, Math.min(start + 4, end), end, 60, 40);
    const { last } = this;
    const oldExchangeEnd = EXCHANGE_LENGTH_AT + 1 + this.bytes[EXCHANGE_LENGTH_AT];
    const exchange =
      last !== null && this.has(EXCHANGE_LENGTH_AT, oldExchangeEnd, chunk, exchangeAt - 1, exchangeEnd)
        ? last.exchange
        : decodeText(chunk, exchangeAt, exchangeEnd);
    const routingKey =
      last !== null && this.has(oldExchangeEnd, this.length - 1, chunk, exchangeEnd, keyEnd)
        ? last.routingKey
        : decodeText(chunk, keyAt, keyEnd);
    if (exchange === null || routingKey === null) throw malformedUtf8();
    const bits = chunk[keyEnd];
    const method: Publish = {
      name: 'basic.publish',
      exchange,
      routingKey,
      mandatory: (bits & 1) !== 0,
      immediate: (bits & 2) !== 0,
    };
    if (end - start > this.bytes.length) this.bytes = new Uint8Array(Math.max(64, end - start));
    copyBytes(chunk, start, end, this.bytes, 0);
    this.length = end - start;
    this.last = method;
    return method;
  }

  private has(from: number, to: number, chunk: Uint8Array, start: number, end: number): boolean {
    if (to - from !== end - start) return false;
    for (let i = to - from - 1; i >= 0; i--) {
      if (this.bytes[from + i] !== chunk[start + i]) return false;
    }
    return true;
  }
}
