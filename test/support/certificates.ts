// Certificates for tests, made with `openssl` when the test runs: authorities, a server, and clients.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The files of a certificate and its key. */
export interface Certificate {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** A directory of certificates that ends with the test. */
export class Certificates implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'warren-tls-'));

  /** An authority that signs for others. */
  authority(name: string): Certificate {
    const made = this.files(name);
    openssl('req', '-x509', ...this.fresh(made), '-subj', `/CN=${name}`, '-days', '2', '-out', made.certificateFile);
    return made;
  }

  /** A certificate signed by an authority, for 127.0.0.1 and localhost. `subject` is as in `/O=Example/CN=reports`. */
  signed(name: string, by: Certificate, subject = `/CN=${name}`): Certificate {
    const made = this.files(name);
    const request = join(this.directory, `${name}.csr`);
    openssl(
      'req',
      ...this.fresh(made),
      '-subj',
      subject,
      '-addext',
      'subjectAltName=IP:127.0.0.1,DNS:localhost',
      '-out',
      request,
    );
    const signing = ['-CA', by.certificateFile, '-CAkey', by.keyFile, '-copy_extensions', 'copy', '-days', '2'];
    openssl('x509', '-req', '-in', request, ...signing, '-out', made.certificateFile);
    return made;
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  private files(name: string): Certificate {
    return { certificateFile: join(this.directory, `${name}.pem`), keyFile: join(this.directory, `${name}.key`) };
  }

  private fresh({ keyFile }: Certificate): string[] {
    return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  }
}

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'ignore'] });
}
