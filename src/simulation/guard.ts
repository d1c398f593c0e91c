// The guard against what a simulation cannot control (reliability.md 2.a, R17): while a simulated process runs, the clock,
// timers, chance, files and sockets of the host fail, by the name of the process and of the call. Between slices, and
// outside a simulation, everything passes through. Globals are in place only during a run; functions of the host's modules
// are wrapped once, because making that visible to imports costs more than a run.

/** Hears of a call that a simulated process must not make. */
export interface Witness {
  uncontrolled(call: string): void;
}

/** Thrown into the process that made the call. */
export class UncontrolledCallError extends Error {
  override readonly name = 'UncontrolledCallError';

  constructor(call: string) {
    super(`${call} in a simulated process: ${adviceFor(call)}`);
  }
}

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;
type Holder = Record<string, unknown>;

let witness: Witness | null = null;
let holds = 0;
let restore: (() => void)[] = [];
let areModulesWrapped = false;
/** What stands for each original. */
const made = new WeakMap<object, unknown>();

/** From now on calls are the witness's; null for nobody. Returns whose they were: a simulation may be within another. */
export function setWitness(next: Witness | null): Witness | null {
  const before = witness;
  witness = next;
  return before;
}

/** Puts the guarded globals in place until the function that is returned is called; holds may overlap. */
export function holdGuard(): () => void {
  if (holds++ === 0) guardGlobals();
  if (!areModulesWrapped) wrapModules();
  let isHeld = true;
  return () => {
    if (!isHeld) return;
    isHeld = false;
    if (--holds > 0) return;
    for (const back of restore.reverse()) back();
    restore = [];
  };
}

const TIMERS = ['setTimeout', 'setInterval', 'setImmediate'];
const RANDOM = ['randomUUID', 'getRandomValues'];
const NODE_CRYPTO = [
  ...['randomBytes', 'pseudoRandomBytes', 'randomInt', 'randomUUID', 'randomFill', 'randomFillSync'],
  ...['generateKey', 'generateKeySync', 'generateKeyPair', 'generateKeyPairSync'],
];

function guardGlobals(): void {
  const host = globalThis as unknown as Holder;
  for (const name of [...TIMERS, 'fetch', 'WebSocket', 'BroadcastChannel', 'MessageChannel']) replace(host, name, name);
  replace(host.Math as Holder, 'random', 'Math.random');
  replace(host.performance as Holder, 'now', 'performance.now');
  for (const name of RANDOM) replace(host.crypto as Holder, name, `crypto.${name}`);
  const its = host.process as Holder;
  replace(its, 'hrtime', 'process.hrtime');
  replace(its.hrtime as Holder, 'bigint', 'process.hrtime.bigint');
  replace(its, 'uptime', 'process.uptime');
  replace(host.AbortSignal as Holder, 'timeout', 'AbortSignal.timeout');
  replaceWith(host, 'Date', guardedDate);
}

/** Functions of modules, by module; an empty list stands for all of them. */
const MODULES: readonly (readonly [string, readonly string[]])[] = [
  ['fs', []],
  ['fs/promises', []],
  ['net', ['connect', 'createConnection', 'createServer']],
  ['tls', ['connect', 'createServer']],
  ['http', ['request', 'get', 'createServer']],
  ['https', ['request', 'get', 'createServer']],
  ['dns', ['lookup', 'resolve', 'resolve4', 'resolve6']],
  ['dns/promises', ['lookup', 'resolve', 'resolve4', 'resolve6']],
  ['dgram', ['createSocket']],
  ['child_process', ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork']],
  ['worker_threads', ['Worker']],
  ['crypto', NODE_CRYPTO],
  ['timers', TIMERS],
  ['timers/promises', TIMERS],
];

function wrapModules(): void {
  areModulesWrapped = true;
  const { getBuiltinModule } = process;
  for (const [name, functions] of MODULES) {
    const module = getBuiltinModule(`node:${name}`) as unknown as Holder;
    const names = functions.length > 0 ? functions : Object.keys(module).filter((key) => /^[a-z]/.test(key));
    // The functions of `fs` and of `fs/promises` share names, and a process that uses either must hear which.
    for (const each of names) replace(module, each, `node:${name}.${each}`, false);
  }
  getBuiltinModule('node:module').syncBuiltinESMExports();
}

function replace(holder: Holder, name: string, call: string, isForRun = true): void {
  if (typeof holder?.[name] !== 'function') return;
  replaceWith(holder, name, (original) => guarded(original as AnyFunction, call), isForRun);
}

function replaceWith(holder: Holder, name: string, make: (original: unknown) => unknown, isForRun = true): void {
  const own = Object.getOwnPropertyDescriptor(holder, name);
  if (own !== undefined && own.configurable !== true && own.writable !== true) return;
  const original = holder[name] as object;
  // Made once for each original: thousands of runs a second begin here.
  const value = made.get(original) ?? make(original);
  made.set(original, value);
  Object.defineProperty(holder, name, {
    value,
    configurable: true,
    writable: true,
    enumerable: own?.enumerable ?? false,
  });
  if (!isForRun) return;
  restore.push(() => {
    // Somebody else may have put something of their own there meanwhile.
    if (holder[name] !== value) return;
    if (own === undefined) delete holder[name];
    else Object.defineProperty(holder, name, own);
  });
}

/** Standard output and error are for people who look for a mistake. */
function isOutput(call: string, args: readonly unknown[]): boolean {
  return call === 'node:fs.writeSync' && (args[0] === 1 || args[0] === 2);
}

function accuse(call: string): never {
  const heard = witness;
  heard?.uncontrolled(call);
  throw new UncontrolledCallError(call);
}

function guarded(original: AnyFunction, call: string): AnyFunction {
  const wrapper: AnyFunction = function (this: unknown, ...args) {
    if (witness !== null && !isOutput(call, args)) accuse(call);
    return new.target === undefined ? original.apply(this, args) : Reflect.construct(original, args);
  };
  // Such as the promise form of a timer, and the prototype of what is constructed.
  Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(original));
  return wrapper;
}

/** A `Date` that tells no time of its own; dates made from a given time are as good as ever. */
function guardedDate(original: unknown): unknown {
  const HostDate = original as DateConstructor;
  const now = guarded(HostDate.now as AnyFunction, 'Date.now');
  return new Proxy(HostDate, {
    construct(target, args, newTarget) {
      if (args.length === 0 && witness !== null) accuse('new Date');
      return Reflect.construct(target, args, newTarget) as object;
    },
    apply(target, self, args) {
      if (witness !== null) accuse('Date');
      return Reflect.apply(target, self, args);
    },
    get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
  });
}

/** What to do instead. */
export function adviceFor(call: string): string {
  if (call.includes('Date')) return 'use context.env.clock.wallTime()';
  if (call === 'performance.now' || call === 'process.hrtime') return 'use context.now()';
  if (/set(Timeout|Interval|Immediate)$/.test(call)) return 'use sleep(ms), receive with afterMs, or context.sendAfter';
  if (/random|crypto/i.test(call)) return 'use context.random() or context.env.ids';
  return 'give the process what does this as an argument, and a simulated one in tests';
}
