import { describe, expect, test } from 'vitest';
import { CodecError, replyKind, replyName, replyText } from '../../../../src/protocols/amqp091/codec/index.ts';

describe('reply codes', () => {
  test('403, 404, 405 and 406 end the channel, 320 and 5xx the connection, 312 nothing', () => {
    for (const code of [311, 403, 404, 405, 406] as const) expect(replyKind(code)).toBe('soft');
    for (const code of [320, 402, 501, 502, 503, 504, 505, 506, 530, 540, 541] as const)
      expect(replyKind(code)).toBe('hard');
    for (const code of [200, 312] as const) expect(replyKind(code)).toBe('none');
    expect(replyName(530)).toBe('NOT_ALLOWED');
    expect(new CodecError(406, 'x').isSoft).toBe(true);
    expect(new CodecError(505, 'x').isSoft).toBe(false);
  });

  test('the text has the name before it and stands alone when there is no text', () => {
    expect(replyText(404, "no queue 'q' in vhost '/'")).toBe("NOT_FOUND - no queue 'q' in vhost '/'");
    expect(replyText(541, '')).toBe('INTERNAL_ERROR');
  });

  test('255 bytes stay, 256 are cut to 252 and three dots', () => {
    const prefix = 'NOT_FOUND - '.length;
    const fits = replyText(404, 'x'.repeat(255 - prefix));
    expect(fits.length).toBe(255);
    expect(fits.endsWith('x')).toBe(true);
    const cut = replyText(404, 'x'.repeat(256 - prefix));
    expect(cut).toBe(`NOT_FOUND - ${'x'.repeat(252 - prefix)}...`);
  });

  test('the limit counts bytes and no character is split', () => {
    const cut = replyText(404, 'ü'.repeat(200));
    expect(Buffer.byteLength(cut)).toBe(255);
    expect(replyText(404, `x${'ü'.repeat(200)}`)).toMatch(/^NOT_FOUND - xü+\.\.\.$/);
  });

  test('a breach has no stack, for a peer can cause thousands of them with one chunk, and other errors keep theirs', () => {
    expect(new CodecError(503, 'unimplemented method').stack).not.toContain('    at ');
    expect(new Error('another').stack).toContain('    at ');
  });
});
