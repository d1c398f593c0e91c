// Responses of the two mechanisms: digest 1.3.
import { describe, expect, it } from 'vitest';
import { credentialsOf } from '../../../src/protocols/amqp091/login.ts';
import * as wire from '../../support/wire.ts';

const amqplain = (...fields: readonly Buffer[]) => Buffer.concat(fields);
const text = (name: string, value: string) => wire.field(name, 'S', wire.longstr(value));

describe('PLAIN', () => {
  it('is an identity that is not looked at, a user and a password, with NUL between', () => {
    expect(credentialsOf('PLAIN', Buffer.from('\0guest\0gu est'))).toEqual({ user: 'guest', password: 'gu est' });
    expect(credentialsOf('PLAIN', Buffer.from('me\0guest\0'))).toEqual({ user: 'guest', password: '' });
  });

  it.each(['', 'guest', '\0guest', '\0guest\0a\0b'])('%j is malformed', (response) => {
    expect(credentialsOf('PLAIN', Buffer.from(response))).toBe(null);
  });

  it('does not take bytes that are no text', () => {
    expect(credentialsOf('PLAIN', Buffer.from([0, 0xff, 0, 0x61]))).toBe(null);
  });
});

describe('AMQPLAIN', () => {
  it('is a table without its length, in any order', () => {
    const expected = { user: 'guest', password: 'secret' };
    expect(credentialsOf('AMQPLAIN', amqplain(text('LOGIN', 'guest'), text('PASSWORD', 'secret')))).toEqual(expected);
    expect(credentialsOf('AMQPLAIN', amqplain(text('PASSWORD', 'secret'), text('LOGIN', 'guest')))).toEqual(expected);
  });

  it('without a user, without a password, with a number for one, or cut short is malformed', () => {
    const number = wire.field('PASSWORD', 'I', wire.u32(7));
    const cut = amqplain(text('LOGIN', 'guest'), text('PASSWORD', 'secret')).subarray(0, -1);
    for (const response of [text('LOGIN', 'guest'), text('PASSWORD', 'secret'), number, cut, Buffer.from([9])]) {
      expect(credentialsOf('AMQPLAIN', response)).toBe(null);
    }
  });
});

it('no other mechanism is offered, in no other spelling', () => {
  for (const mechanism of ['plain', 'EXTERNAL', '']) {
    expect(credentialsOf(mechanism, Buffer.from('\0guest\0guest'))).toBe(null);
  }
});
