// New code for running handlers (HOT-1): modules that change on disk, loaded again on the control thread and on a data
// thread. The program runs in a process of its own, so that its modules are those of the host and not of the test runner.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';

const run = promisify(execFile);
const WARREN = new URL('../../src/index.ts', import.meta.url).href;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hot-code-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A module with a body of each kind; `change` is what version 2 does to their states. */
const module = (version: number, change = '') => `
import { answer, genEvent, genServer, genStatem, keepState, noReply, ok, reply, startIn } from '${WARREN}';
const codeChange = (old, state, extra) => { ${change} };
const change = ${version === 1 ? '{}' : '{ codeChange }'};
export const plain = {
  init: (_context, count = 0) => count,
  handle(count, message, context) {
    context.send(message.from, { version: ${version}, count: count + 1 });
    return count + 1;
  },
  ...change,
};
export const server = genServer({
  init: () => ok(0),
  handleCall: (request, _from, count) => reply({ version: ${version}, count: count + 1 }, count + 1),
  handleCast: (reason) => { throw new Error(reason); },
  ...change,
});
export const machine = genStatem({
  init: () => startIn('only', 0),
  handleEvent: (event, _state, count) => keepState(count + 1, answer(event.from, { version: ${version}, count: count + 1 })),
  ...(${version} === 1 ? {} : { codeChange: (old, state, data, extra) => ({ state, data: codeChange(old, data, extra) }) }),
});
export const manager = genEvent({ handlers: { count: {
  init: () => 0,
  handleEvent: (_event, count) => count,
  handleCall: (_request, count) => ({ reply: { version: ${version}, count: count + 1 }, state: count + 1 }),
  ...change,
} } });
`;

/** Runs a program over the module \`code\` in a system with one data thread; what it prints, line by line. */
async function play(program: string): Promise<unknown[]> {
  writeFileSync(join(folder, 'code.ts'), module(1));
  writeFileSync(join(folder, 'v2.txt'), module(2, 'return old * 1000 + state + extra;'));
  writeFileSync(join(folder, 'bad.txt'), module(3, "throw new RangeError('no way');"));
  writeFileSync(join(folder, 'broken.txt'), 'export const = ;');
  const main = join(folder, 'main.ts');
  writeFileSync(
    main,
    `import { copyFileSync } from 'node:fs';
import * as warren from '${WARREN}';
const { addHandler, call, callHandler, callStatem, cast, changeCode, receive, reloadModule, resume, sleep, startLink, startSystem, supervisor, suspend } = warren;
const code = new URL('./code.ts', import.meta.url);
const install = (name) => copyFileSync(new URL('./' + name + '.txt', import.meta.url), code);
const mfa = (name) => ({ module: code.href, export: name });
const print = (value) => console.log(JSON.stringify(value));
const system = await startSystem({ threads: 1, logger: 'silent' });
await system.run(function* (context) {
  const ask = function* (pid) { context.send(pid, { from: context.self }); return yield* receive((m) => m?.version > 0); };
  const begin = function* (name, options) { return (yield* startLink(mfa(name), [], options)).pid; };
  ${program}
});
await system.stop();
`,
  );
  const { stdout } = await run(process.execPath, [main], { timeout: 20_000 });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

it('HOT-1 handlers and behaviours on every thread go over to the new code with their state', async () => {
  const lines = await play(`
    const all = [];
    for (const thread of [0, 1]) {
      const at = { placement: { thread } };
      const plain = context.spawn(mfa('plain'), [5], at);
      const server = yield* begin('server', at);
      const machine = yield* begin('machine', at);
      const manager = yield* begin('manager', at);
      yield* addHandler(manager, { name: 'count' });
      all.push(function* () {
        print([yield* ask(plain), yield* call(server, 'x'), yield* callStatem(machine, 'x'), (yield* callHandler(manager, 'count', 'x')).value]);
      });
    }
    for (const each of all) yield* each();
    install('v2');
    print((yield* reloadModule(code.href, 100)).map(({ ok, version, changed, failed }) => [ok, version, changed, failed]));
    for (const each of all) yield* each();
    print(yield* ask(context.spawn(mfa('plain'), [0], { placement: { thread: 1 } })));
  `);
  const first = [6, 1, 1, 1].map((count) => ({ version: 1, count }));
  const second = [1107, 1102, 1102, 1102].map((count) => ({ version: 2, count }));
  expect(lines).toEqual([
    first,
    first,
    [
      [true, 2, 4, []],
      [true, 2, 4, []],
    ],
    second,
    second,
    { version: 2, count: 1 },
  ]);
});

it('HOT-1 a failing codeChange keeps code and state, and a module that does not load changes nothing', async () => {
  const lines = await play(`
    const plain = context.spawn(mfa('plain'), [5]);
    yield* ask(plain);
    install('broken');
    print((yield* reloadModule(code.href)).map(({ ok }) => ok));
    print((yield* reloadModule('./code.ts')).map(({ ok }) => ok));
    print(yield* ask(plain));
    install('bad');
    const [{ changed, failed }] = yield* reloadModule(code.href);
    print([changed, failed.length, failed[0]?.reason.error.message]);
    print(yield* ask(plain));
    install('v2');
    print((yield* reloadModule(code.href, 1))[0].changed);
    print(yield* ask(plain));
  `);
  expect(lines).toEqual([
    [false, false],
    [false, false],
    { version: 1, count: 7 },
    [0, 1, 'no way'],
    { version: 1, count: 8 },
    1,
    { version: 2, count: 1010 },
  ]);
});

it('HOT-1 what a supervisor starts again after a reload runs the new code, on a data thread too', async () => {
  const lines = await play(`
    for (const thread of [0, 1]) {
      yield* startLink(supervisor({
        strategy: 'oneForOne',
        children: [{ id: 'it', start: { body: mfa('server'), name: 'it' + thread, placement: { thread } } }],
      }));
      print(yield* call('it' + thread, 'x'));
    }
    install('v2');
    yield* reloadModule(code.href, 0);
    for (const name of ['it0', 'it1']) {
      const before = context.whereis(name);
      cast(context, name, 'boom');
      while (context.whereis(name) === undefined || context.whereis(name) === before) yield* sleep(1);
      print(yield* call(name, 'x'));
    }
  `);
  expect(lines).toEqual([
    ...[1, 1].map((count) => ({ version: 1, count })),
    ...[1, 1].map((count) => ({ version: 2, count })),
  ]);
});

it('HOT-1 as in OTP: suspend, change the code, resume; one that waits in a handler goes over behind it', async () => {
  const lines = await play(`
    const server = yield* begin('server', {});
    const waiting = context.spawn(mfa('plain'), [5]);
    const later = yield* begin('server', {});
    for (const each of [server, later]) yield* suspend(each);
    install('v2');
    const [outcome] = yield* reloadModule(code.href, 100);
    print([outcome.changed, outcome.waiting]);
    print([yield* changeCode(server, 500), yield* changeCode(server, 500)]);
    yield* resume(server);
    print(yield* call(server, 'x'));
    yield* resume(later);
    print(yield* call(later, 'x'));
    let refused = null;
    try { yield* changeCode(server); } catch (error) { refused = error.message; }
    print(/suspend it before/.test(refused));
    print(yield* ask(waiting));
  `);
  expect(lines).toEqual([
    [1, 2],
    [true, false],
    { version: 2, count: 1501 },
    { version: 2, count: 1101 },
    true,
    { version: 2, count: 1106 },
  ]);
});
