// RCV-1, RCV-2, RCV-3: selective receives against the simplest possible model of a mailbox.
import { describe, expect, it } from 'vitest';
import { catches, holds } from './check.ts';
import { mailbox } from './kernel/mailbox.ts';
import { MarksTooMuch, mailboxOf, Newest, Rotating } from './planted.ts';

describe('mailboxes', () => {
  it('RCV-1 a receive takes the oldest match and leaves the rest in order', () => holds(mailbox));

  it('RCV-1 a receive that moves what it rejects to the end is noticed', () => {
    expect(
      catches(
        mailbox,
        mailboxOf(() => new Rotating()),
      ).deviations,
    ).toBe(0);
  });

  it('RCV-1 a receive that takes the newest match is noticed', () => {
    expect(
      catches(
        mailbox,
        mailboxOf(() => new Newest()),
      ).deviations,
    ).toBe(0);
  });

  it('RCV-2 a reference mark that skips too much is noticed', () => {
    expect(
      catches(
        mailbox,
        mailboxOf(() => new MarksTooMuch()),
      ).deviations,
    ).toBeLessThanOrEqual(3);
  });
});
