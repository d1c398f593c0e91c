// Draws programs with fast-check. Small on purpose: two to four processes and a few steps each already race, and what
// fails shrinks to something that can be read.
import fc from 'fast-check';
import type {
  Child,
  InitPlan,
  Match,
  Op,
  Program,
  Reaction,
  Reason,
  Role,
  Server,
  SpawnKind,
  SupRequest,
  Wait,
  Work,
} from './program.ts';

/** Which steps are drawn. */
export type Theme = 'links' | 'monitors' | 'names' | 'timers' | 'everything' | 'servers' | 'supervisors';

const SLOTS = 2;
const NAMES = 2;
const NUMBERS = 2;
/** More times would make a program take seconds on the real machine. */
const TIMES_MAX = 4;

const slot = fc.nat(SLOTS - 1);
const name = fc.nat(NAMES - 1);
const number = fc.nat(NUMBERS - 1);
const reason: fc.Arbitrary<Reason> = fc.constantFrom('a', 'normal', 'kill', 'shutdown');
/** A time without an exponent yet. */
const TIME: Wait = ['time', -1];
const POLL: Wait = ['poll'];
const INFINITY: Wait = ['infinity'];

type Weighted = { weight: number; arbitrary: fc.Arbitrary<Op> };

function receives(hasTimes: boolean): fc.Arbitrary<Op> {
  const match: fc.Arbitrary<Match> = fc.oneof(
    { weight: 5, arbitrary: fc.constant<Match>(['any']) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('number' as const), number) },
    { weight: 1, arbitrary: fc.constant<Match>(['exit']) },
    { weight: 1, arbitrary: fc.constant<Match>(['down']) },
    { weight: 1, arbitrary: fc.constant<Match>(['never']) },
  );
  const wait = hasTimes
    ? fc.constantFrom(INFINITY, INFINITY, POLL, TIME)
    : fc.constantFrom(INFINITY, INFINITY, INFINITY, POLL);
  return fc.tuple(fc.constant('recv' as const), match, wait);
}

const CHILDREN = 3;
const childIndex = fc.nat(CHILDREN - 1);

const supRequest: fc.Arbitrary<SupRequest> = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.constant('hit' as const), childIndex, reason) },
  { weight: 3, arbitrary: fc.constant<SupRequest>(['which']) },
  { weight: 1, arbitrary: fc.constant<SupRequest>(['count']) },
  {
    weight: 5,
    arbitrary: fc.tuple(
      fc.constantFrom('terminate' as const, 'restart' as const, 'delete' as const, 'start' as const),
      childIndex,
    ),
  },
);

/** The steps of a theme; `role` draws whom they are about. */
function stepsOf(theme: Theme, role: fc.Arbitrary<number>): fc.Arbitrary<Op> {
  const all = theme === 'everything';
  const steps: Weighted[] = [
    { weight: 6, arbitrary: receives(all || theme === 'timers') },
    { weight: 5, arbitrary: fc.tuple(fc.constant('send' as const), role, number) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('link' as const), role) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('unlink' as const), role) },
    { weight: 3, arbitrary: fc.tuple(fc.constant('exit_to' as const), role, reason) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('exit' as const), reason) },
    { weight: 1, arbitrary: fc.constant<Op>(['crash']) },
    { weight: 3, arbitrary: fc.tuple(fc.constant('trap' as const), fc.constantFrom(true, true, true, false)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('tell' as const), role, role) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('alive' as const), role) },
  ];
  if (theme === 'links') {
    steps.push({ weight: 3, arbitrary: fc.tuple(fc.constant('unlink' as const), role) });
    steps.push({ weight: 3, arbitrary: fc.tuple(fc.constant('link' as const), role) });
    steps.push({ weight: 3, arbitrary: fc.tuple(fc.constant('exit' as const), reason) });
  }
  if (all || theme === 'monitors') {
    steps.push({ weight: 4, arbitrary: fc.tuple(fc.constant('monitor' as const), role, slot) });
    steps.push({ weight: 3, arbitrary: fc.tuple(fc.constant('demonitor' as const), slot, fc.boolean()) });
  }
  if (all || theme === 'names') {
    steps.push({ weight: 4, arbitrary: fc.tuple(fc.constant('register' as const), name, role) });
    steps.push({ weight: 2, arbitrary: fc.tuple(fc.constant('unregister' as const), name) });
    steps.push({ weight: 3, arbitrary: fc.tuple(fc.constant('whereis' as const), name) });
    steps.push({ weight: 4, arbitrary: fc.tuple(fc.constant('send_name' as const), name, number) });
    steps.push({ weight: 2, arbitrary: fc.tuple(fc.constant('monitor_name' as const), name, slot) });
  }
  if (all || theme === 'timers') {
    const wait = fc.constantFrom(TIME, TIME, POLL);
    steps.push({ weight: 3, arbitrary: fc.tuple(fc.constant('send_after' as const), wait, role, number, slot) });
    steps.push({ weight: 2, arbitrary: fc.tuple(fc.constant('cancel' as const), slot) });
  }
  if (all)
    steps.push({
      weight: 1,
      arbitrary: fc.tuple(fc.constant('send_after_name' as const), fc.constant(TIME), name, number, slot),
    });
  if (theme === 'supervisors') {
    steps.push({ weight: 25, arbitrary: fc.tuple(fc.constant('sup' as const), fc.constant(1), supRequest) });
    steps.push({ weight: 2, arbitrary: fc.tuple(fc.constant('stop' as const), role, reason, fc.constant(INFINITY)) });
    steps.push({ weight: 2, arbitrary: fc.tuple(fc.constant('monitor' as const), role, slot) });
  }
  if (theme === 'servers') {
    const wait = fc.constantFrom(INFINITY, INFINITY, TIME);
    steps.push({ weight: 8, arbitrary: fc.tuple(fc.constant('call' as const), role, number, wait) });
    steps.push({ weight: 4, arbitrary: fc.tuple(fc.constant('cast' as const), role, number) });
    steps.push({ weight: 2, arbitrary: fc.tuple(fc.constant('stop' as const), role, reason, wait) });
    steps.push({ weight: 2, arbitrary: fc.tuple(fc.constant('monitor' as const), role, slot) });
  }
  return fc.oneof(...steps);
}

const reaction: fc.Arbitrary<Reaction> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Reaction>(['reply']) },
  { weight: 1, arbitrary: fc.constant<Reaction>(['silent']) },
  { weight: 2, arbitrary: fc.constant<Reaction>(['later']) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom('stop' as const, 'stop_reply' as const), reason) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom('exit' as const, 'continue_stop' as const), reason) },
  { weight: 1, arbitrary: fc.constant<Reaction>(['crash']) },
);

const server: fc.Arbitrary<Server> = fc.record({
  traps: fc.boolean(),
  reactions: fc.array(reaction, { minLength: NUMBERS, maxLength: NUMBERS }),
});

const initPlan: fc.Arbitrary<InitPlan> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<InitPlan>(['ok']) },
  { weight: 1, arbitrary: fc.constant<InitPlan>(['ignore']) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('stop' as const), reason) },
  { weight: 1, arbitrary: fc.constant<InitPlan>(['crash']) },
);

const serverWork: fc.Arbitrary<Work> = fc.record({
  kind: fc.constant('server' as const),
  init: initPlan,
  server,
  isLinked: fc.boolean(),
});

const spawnKind: fc.Arbitrary<SpawnKind> = fc.oneof(
  fc.constant<SpawnKind>(['plain']),
  fc.constant<SpawnKind>(['link']),
  fc.tuple(fc.constant('monitor' as const), slot),
);

interface Other {
  readonly script: readonly Op[];
  readonly spawn: SpawnKind;
  readonly parent: number;
  readonly at: number;
  readonly stays: boolean;
  /** What it does instead of the script. */
  readonly work: Work | null;
}

interface Draft {
  readonly main: readonly Op[];
  readonly others: readonly Other[];
  readonly isGated: boolean;
}

const child: fc.Arbitrary<Child> = fc.record({
  traps: fc.boolean(),
  reactions: fc.constant([]),
  restart: fc.constantFrom('permanent' as const, 'permanent' as const, 'transient' as const, 'temporary' as const),
  shutdown: fc.constantFrom('brutal_kill' as const, 5000 as const),
  significant: fc.boolean(),
  inits: fc.array(initPlan, { minLength: 1, maxLength: 3 }),
  shortLives: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(2) }),
  lifeReason: reason,
  isExtra: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

const supervisorWork: fc.Arbitrary<Work> = fc
  .record({
    kind: fc.constant('supervisor' as const),
    strategy: fc.constantFrom(
      'one_for_one' as const,
      'one_for_all' as const,
      'rest_for_one' as const,
      'simple_one_for_one' as const,
    ),
    intensity: fc.nat(3),
    autoShutdown: fc.constantFrom(
      'never' as const,
      'never' as const,
      'any_significant' as const,
      'all_significant' as const,
    ),
    children: fc.array(child, { minLength: CHILDREN, maxLength: CHILDREN }),
  })
  .map((work) => ({
    ...work,
    // A template is one child, and what OTP refuses as a spec is no program.
    children: work.children.slice(0, work.strategy === 'simple_one_for_one' ? 1 : CHILDREN).map((each) => ({
      ...each,
      significant: each.significant && each.restart !== 'permanent' && work.autoShutdown !== 'never',
    })),
  }));

function worksOf(theme: Theme): fc.Arbitrary<Work | null> {
  if (theme !== 'servers') return fc.constant(null);
  return fc.oneof(fc.constant(null), serverWork);
}

/** Role 1 of the theme is a supervisor, started early by the main process. */
function supervising(other: fc.Arbitrary<Other>): fc.Arbitrary<Other> {
  return fc.tuple(other, supervisorWork, fc.nat(1)).map(([one, work, at]) => ({ ...one, work, at, parent: 0 }));
}

function drafts(theme: Theme): fc.Arbitrary<Draft> {
  return fc.integer({ min: 1, max: 3 }).chain((count) => {
    const steps = stepsOf(theme, fc.nat(count));
    const other = fc.record({
      script: fc.array(steps, { maxLength: 5 }),
      spawn: spawnKind,
      parent: fc.nat(count - 1),
      at: fc.nat(4),
      stays: fc.boolean(),
      work: worksOf(theme),
    });
    const first: fc.Arbitrary<Other> = theme === 'supervisors' ? supervising(other) : other;
    return fc.record({
      main: fc.array(steps, { maxLength: 7 }),
      others: fc
        .tuple(first, fc.array(other, { minLength: count - 1, maxLength: count - 1 }))
        .map(([one, rest]) => [one, ...rest]),
      isGated: fc.boolean(),
    });
  });
}

/** Puts the spawns into the scripts, and gives each time its own exponent. */
function programOf({ main, others, isGated }: Draft): Program {
  const scripts: Op[][] = [[...main], ...others.map(({ script, stays }) => (stays ? [...script, STAY] : [...script]))];
  others.forEach(({ parent, at, work }, index) => {
    // Only a script can spawn, and behind a gate the main process spawns the scripts by itself.
    if (isGated && work === null) return;
    const above = Math.min(parent, index);
    const script = scripts[above > 0 && others[above - 1].work !== null ? 0 : above];
    script.splice(Math.min(at, script.length), 0, ['spawn', index + 1]);
  });
  let times = 0;
  const waitOf = (wait: Wait, instead = POLL): Wait =>
    wait === TIME ? (times < TIMES_MAX ? ['time', times++] : instead) : wait;
  const roles = scripts.map((script, index): Role => {
    const timed = script.map((op): Op => {
      if (op[0] === 'recv') return ['recv', op[1], waitOf(op[2])];
      if (op[0] === 'send_after') return ['send_after', waitOf(op[1]), op[2], op[3], op[4]];
      if (op[0] === 'call') return ['call', op[1], op[2], waitOf(op[3], INFINITY)];
      if (op[0] === 'stop') return ['stop', op[1], op[2], waitOf(op[3], INFINITY)];
      if (op[0] === 'send_after_name') return ['send_after_name', waitOf(op[1]), op[2], op[3], op[4]];
      return op;
    });
    const work: Work = others[index - 1]?.work ?? { kind: 'script', script: timed };
    return { spawn: index === 0 ? ['plain'] : others[index - 1].spawn, work };
  });
  return { roles, isGated };
}

const STAY: Op = ['recv', ['never'], ['infinity']];

/** Programs of a theme. */
export function programs(theme: Theme): fc.Arbitrary<Program> {
  return drafts(theme).map(programOf);
}
