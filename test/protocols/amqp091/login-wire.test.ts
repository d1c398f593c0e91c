// Logging in as bytes, from this machine and from elsewhere (digest 1): both mechanisms, and guest from loopback only.
import { expect, it } from 'vitest';
import type { SocketEvent } from '../../../src/env/index.ts';
import { type Context, type Effects, receive } from '../../../src/process/index.ts';
import { simNet, simulate } from '../../../src/testing.ts';
import { AMQP, startBroker, wireOptions } from '../../properties/wire/world.ts';
import { FrameLog } from '../../support/frame-log.ts';
import * as wire from '../../support/wire.ts';

const capabilities = wire.field(
  'capabilities',
  'F',
  wire.table(wire.field('authentication_failure_close', 't', wire.u8(1))),
);

/** start-ok with a response of that mechanism. */
function startOk(mechanism: 'PLAIN' | 'AMQPLAIN', user: string, password: string): Buffer {
  const text = (name: string, value: string) => wire.field(name, 'S', wire.longstr(value));
  const response =
    mechanism === 'PLAIN'
      ? Buffer.from(`\0${user}\0${password}`)
      : Buffer.concat([text('LOGIN', user), text('PASSWORD', password)]);
  const rest = [wire.shortstr(mechanism), wire.longstr(response), wire.shortstr('en_US')];
  return wire.method(0, 10, 11, wire.table(capabilities), ...rest);
}

/** What the server says to it: `open` when the connection opens, or its close. */
function answerTo(response: Buffer, host: string): string {
  return simulate(wireOptions(0, 0), function* login(context: Context<unknown>): Effects<string> {
    yield* startBroker(context, 0);
    const socket = simNet(context).connect(AMQP, host);
    const log = new FrameLog();
    context.own({ close: () => socket.destroy() });
    socket.attach(context.inlet());
    socket.active(1);
    socket.write(Buffer.concat([wire.PROTOCOL_HEADER, response, wire.tuneOk(), wire.open]));
    for (;;) {
      const event = yield* receive<SocketEvent>((message) => 'socket' in (message as object));
      if (event.tag === 'chunk') log.push(event.bytes);
      socket.active(1);
      const [close] = log.closes();
      if (close !== undefined) return `${close.code} ${close.text}`;
      if (log.frames.some(({ name }) => name === '10.41')) return 'open';
      if (event.tag === 'closed') return 'silence';
    }
  }).value;
}

const refused = (mechanism: string) =>
  `403 ACCESS_REFUSED - Login was refused using authentication mechanism ${mechanism}. For details see the broker logfile.`;

it.each(['PLAIN', 'AMQPLAIN'] as const)('%s lets guest in from this machine', (mechanism) => {
  expect(answerTo(startOk(mechanism, 'guest', 'guest'), '127.0.0.1')).toBe('open');
  expect(answerTo(startOk(mechanism, 'guest', 'guest'), '::1')).toBe('open');
  expect(answerTo(startOk(mechanism, 'guest', 'guest'), '::ffff:127.0.0.1')).toBe('open');
});

it.each(['PLAIN', 'AMQPLAIN'] as const)(
  '%s refuses guest from elsewhere, and says no more than for a wrong password',
  (mechanism) => {
    for (const host of ['10.0.0.7', '192.168.1.2', '::ffff:10.0.0.7', '2001:db8::1', '128.0.0.1']) {
      expect(answerTo(startOk(mechanism, 'guest', 'guest'), host)).toBe(refused(mechanism));
    }
    expect(answerTo(startOk(mechanism, 'guest', 'wrong'), '127.0.0.1')).toBe(refused(mechanism));
    expect(answerTo(startOk(mechanism, 'nobody', 'guest'), '127.0.0.1')).toBe(refused(mechanism));
  },
);
