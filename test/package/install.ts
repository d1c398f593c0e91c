// Packs the repository and installs the tarball as npm would, without a network: the package is unpacked into a folder
// of its own and sees only the dependencies that package.json lists, so that an undeclared one is missed.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** What the consumer installs beside the package: its client, the peer dependency, and types. */
const CONSUMER_PACKAGES = ['amqplib', 'fast-check', '@types/node', '@types/amqplib'];

export interface Manifest {
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** A consumer's project with the packed package in its `node_modules`. */
export interface Project extends AsyncDisposable {
  /** Where the consumer's files are. */
  readonly folder: string;
  /** Where the package is. */
  readonly installed: string;
  /** Paths of all files of the tarball. */
  readonly files: readonly string[];
  readonly manifest: Manifest;
}

/** Builds, packs and installs. Takes some seconds. */
export async function installPacked(): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'warren-packed-'));
  await run('npm', ['pack', '--foreground-scripts', '--pack-destination', folder], { cwd: ROOT }).catch(
    (error: { stdout: string; stderr: string }) => {
      throw new Error(`npm pack failed:\n${error.stdout}${error.stderr}`);
    },
  );
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack made no tarball');
  const modules = join(folder, 'node_modules');
  const installed = join(modules, 'warren');
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', join(folder, tarball), '-C', installed, '--strip-components=1']);
  const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as Manifest;
  for (const name of [...Object.keys(manifest.dependencies), ...CONSUMER_PACKAGES]) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), join(modules, name));
  }
  await cp(join(ROOT, 'test/package/consumer'), folder, { recursive: true });
  const entries = await readdir(installed, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
  const dispose = () => rm(folder, { recursive: true, force: true });
  return { folder, installed, files, manifest, [Symbol.asyncDispose]: dispose };
}
