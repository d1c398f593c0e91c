// The certificate, key and authorities of a TLS listener: read from their files, checked against each other with one
// clear line for each thing that can be wrong, and read again when they change (reliability 2.e, certificate reload).
import { createPrivateKey, constants as cryptoConstants, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import tls from 'node:tls';
import type { PeerCertificate, TlsFiles } from '../index.ts';

/** A file of TLS that cannot be used. The message is one clear line, and tells nothing of a key. */
export class TlsFileError extends Error {
  override readonly name = 'TlsFileError';
}

const RECHECK_MS = 5_000;

/** What TLS is made with: PEM texts and what the listener asks of peers. */
export type TlsMaterial = tls.SecureContextOptions;

/** Reads and checks the files. Throws {@link TlsFileError}. */
export function readTlsFiles({ certificateFile, keyFile, caFile, verify }: TlsFiles): TlsMaterial {
  const certificate = textOf('certificate', certificateFile);
  const key = textOf('key', keyFile);
  const parsed = parse(`${certificateFile} holds no PEM certificate`, () => new X509Certificate(certificate));
  const parsedKey = parse(`${keyFile} holds no PEM key without a passphrase`, () => createPrivateKey(key));
  if (!parsed.checkPrivateKey(parsedKey)) {
    throw new TlsFileError(`the key in ${keyFile} does not belong to the certificate in ${certificateFile}`);
  }
  if (verify !== 'none' && caFile === undefined) {
    throw new TlsFileError('verifying the certificates of peers needs a file of authorities');
  }
  const ca = caFile === undefined ? undefined : textOf('authorities', caFile);
  if (ca !== undefined) parse(`${caFile} holds no PEM certificate`, () => new X509Certificate(ca));
  const material: TlsMaterial = {
    cert: certificate,
    key,
    minVersion: 'TLSv1.2',
    honorCipherOrder: true,
    // A peer that renegotiates makes the server work at no cost of its own.
    secureOptions: cryptoConstants.SSL_OP_NO_RENEGOTIATION,
    ...(ca === undefined ? {} : { ca }),
  };
  parse(`${certificateFile} and ${keyFile} cannot be used for TLS`, () => tls.createSecureContext(material));
  return material;
}

function textOf(what: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new TlsFileError(`cannot read the ${what} file ${file}: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function parse<T>(otherwise: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw new TlsFileError(otherwise);
  }
}

/** Looks at files again, at most every so often, and says when one is another than before. */
export class FileWatch {
  private readonly files: readonly string[];
  private readonly recheckMs: number;
  private readonly onChange: () => void;
  private lastLookMs = performance.now();
  private known: string | null = null;
  private isLooking = false;

  constructor({ certificateFile, keyFile, caFile, recheckMs = RECHECK_MS }: TlsFiles, onChange: () => void) {
    this.files = caFile === undefined ? [certificateFile, keyFile] : [certificateFile, keyFile, caFile];
    this.recheckMs = recheckMs;
    this.onChange = onChange;
    this.look();
  }

  /** A connection has come: time to look, if the last look is long enough ago. Never waits. */
  touch(): void {
    if (!this.isLooking && performance.now() - this.lastLookMs >= this.recheckMs) this.look();
  }

  private look(): void {
    this.isLooking = true;
    this.lastLookMs = performance.now();
    Promise.all(this.files.map(stampOf)).then((stamps) => {
      this.isLooking = false;
      const stamp = stamps.join(' ');
      const isOther = this.known !== null && this.known !== stamp;
      this.known = stamp;
      if (isOther) this.onChange();
    });
  }
}

/** What tells one content of a file from another; a file that is not there has a stamp too. */
async function stampOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(file);
    return `${ino}.${size}.${mtimeMs}`;
  } catch {
    return 'missing';
  }
}

/** The subject of a verified certificate; undefined where the peer showed none. */
export function peerCertificateOf(socket: tls.TLSSocket): PeerCertificate | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (!socket.authorized || certificate === undefined) return undefined;
  const parts = certificate.subject.split('\n').filter((part) => part !== '');
  const names = parts.filter((part) => part.startsWith('CN='));
  return {
    commonName: names.length === 1 ? names[0].slice('CN='.length) : null,
    distinguishedName: parts.reverse().join(','),
  };
}
