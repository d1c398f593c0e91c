// A small program as data, that Warren and Erlang interpret alike: roles, each one process with a script.
// Every tuple is one Erlang tuple of the same shape (`erlangOf`), so neither side needs a translation of its own.

/** How a role's process is spawned by its parent; `monitor` keeps the ref in the slot. */
export type SpawnKind = readonly ['plain'] | readonly ['link'] | readonly ['monitor', slot: number];

/** What a receive takes: the oldest message, one with that number, an EXIT, a DOWN, or nothing at all. */
export type Match = readonly ['any'] | readonly ['number', k: number] | readonly ['exit'] | readonly ['down'] | Never;
type Never = readonly ['never'];

/**
 * How long something waits: not at all, for ever, or the time with that exponent. Within one program each exponent is
 * used once: sums of different times then differ by a whole unit, and no outcome hangs on which of two clocks is faster.
 */
export type Wait = readonly ['poll'] | readonly ['infinity'] | readonly ['time', exponent: number];

export type Reason = 'normal' | 'kill' | 'shutdown' | 'a';

/** One step of a script. Roles are their numbers, names numbers too; a role that the process does not know is skipped. */
export type Op =
  | readonly ['spawn', role: number]
  | readonly ['send', to: number, k: number]
  | readonly ['send_name', name: number, k: number]
  /** Tells `to` the pid of `about`. */
  | readonly ['tell', to: number, about: number]
  | readonly ['recv', match: Match, wait: Wait]
  | readonly ['link', to: number]
  | readonly ['unlink', to: number]
  | readonly ['monitor', to: number, slot: number]
  | readonly ['monitor_name', name: number, slot: number]
  | readonly ['demonitor', slot: number, flush: boolean]
  | readonly ['exit', reason: Reason]
  | readonly ['exit_to', to: number, reason: Reason]
  | readonly ['crash']
  | readonly ['trap', on: boolean]
  | readonly ['register', name: number, who: number]
  | readonly ['unregister', name: number]
  | readonly ['whereis', name: number]
  | readonly ['alive', who: number]
  | readonly ['send_after', wait: Wait, to: number, k: number, slot: number]
  | readonly ['send_after_name', wait: Wait, name: number, k: number, slot: number]
  | readonly ['cancel', slot: number]
  | readonly ['call', to: number, k: number, wait: Wait]
  | readonly ['cast', to: number, k: number]
  | readonly ['stop', to: number, reason: Reason, wait: Wait]
  | readonly ['sup', to: number, request: SupRequest];

/** What is asked of a supervisor; `hit` sends an exit to the child with that index, if it runs. */
export type SupRequest =
  | readonly ['hit', child: number, reason: Reason]
  | readonly ['which']
  | readonly ['count']
  | readonly ['terminate', child: number]
  | readonly ['restart', child: number]
  | readonly ['delete', child: number]
  | readonly ['start', child: number];

/** What a server does about a request with a number. */
export type Reaction =
  | readonly ['reply']
  | readonly ['silent']
  /** Keeps the caller, and answers with the next request. */
  | readonly ['later']
  | readonly ['stop', reason: Reason]
  | readonly ['stop_reply', reason: Reason]
  | readonly ['exit', reason: Reason]
  | readonly ['crash']
  | readonly ['continue_stop', reason: Reason];

export type InitPlan = readonly ['ok'] | readonly ['ignore'] | readonly ['stop', reason: Reason] | readonly ['crash'];

export interface Server {
  readonly traps: boolean;
  /** By the number of the request. */
  readonly reactions: readonly Reaction[];
}

export interface Child extends Server {
  readonly restart: 'permanent' | 'transient' | 'temporary';
  readonly shutdown: 'brutal_kill' | 5000;
  readonly significant: boolean;
  /** What the init of the first, second ... start does; the last one goes on for ever. */
  readonly inits: readonly InitPlan[];
  /** The first so many starts end by themselves just after init, with the reason. */
  readonly shortLives: number;
  readonly lifeReason: Reason;
  /** Started by `start` only. */
  readonly isExtra: boolean;
}

export type Work =
  | { readonly kind: 'script'; readonly script: readonly Op[] }
  | { readonly kind: 'server'; readonly init: InitPlan; readonly server: Server; readonly isLinked: boolean }
  | {
      readonly kind: 'supervisor';
      readonly strategy: 'one_for_one' | 'one_for_all' | 'rest_for_one' | 'simple_one_for_one';
      readonly intensity: number;
      readonly autoShutdown: 'never' | 'any_significant' | 'all_significant';
      readonly children: readonly Child[];
    };

/** One process: who spawns it (`['spawn', n]` in the parent's script), how, and what it does. */
export interface Role {
  readonly spawn: SpawnKind;
  readonly work: Work;
}

export interface Program {
  /** Role 0 is the main process; the others are numbered as they are here. */
  readonly roles: readonly Role[];
  /** The main process spawns all scripts first and tells everybody all pids; the scripts wait for that. */
  readonly isGated: boolean;
}

/** A value as the text of an Erlang term: arrays are tuples, texts atoms. */
function tupleOf(value: unknown): string {
  if (Array.isArray(value)) return `{${value.map(tupleOf).join(',')}}`;
  return String(value);
}

const listOf = (values: readonly unknown[]) => `[${values.map(tupleOf).join(',')}]`;

function serverOf({ traps, reactions }: Server): string {
  return `{${traps},${listOf(reactions)}}`;
}

function childOf(child: Child): string {
  const { restart, shutdown, significant, inits, shortLives, lifeReason, isExtra } = child;
  const life = `${shortLives},${lifeReason}`;
  return `{${restart},${shutdown},${significant},${listOf(inits)},${life},${isExtra},${serverOf(child)}}`;
}

function workOf(work: Work): string {
  if (work.kind === 'script') return `{script,${listOf(work.script)}}`;
  if (work.kind === 'server') return `{server,${tupleOf(work.init)},${serverOf(work.server)},${work.isLinked}}`;
  const { strategy, intensity, autoShutdown, children } = work;
  return `{supervisor,${strategy},${intensity},${autoShutdown},[${children.map(childOf).join(',')}]}`;
}

/** The program as an Erlang term. */
export function erlangOf({ roles, isGated }: Program): string {
  return `{${isGated},[${roles.map(({ spawn, work }) => `{${tupleOf(spawn)},${workOf(work)}}`).join(',')}]}`;
}

/** True when real time plays a part in the program. */
export function hasTimes({ roles }: Program): boolean {
  return JSON.stringify(roles).includes('["time",');
}
