// The message-sequence chart of a run: who sent what to whom, when it came, and where the schedule left FIFO.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Context, isDown, receive, sleep } from '../../src/process/index.ts';
import type { Mfa, Pid } from '../../src/term/index.ts';
import { loadModules, type SimOptions, type SimResult, simulate, writeChart } from '../../src/testing.ts';

const url = new URL('./thread-bodies.ts', import.meta.url).href;
const modules = await loadModules(url);

function* greeter(context: Context<unknown>) {
  const { from } = yield* receive<{ from: Pid<unknown> }>();
  context.send(from, '<hello> & "welcome"');
}

function* greeting(context: Context<unknown>) {
  const { pid } = context.spawnMonitor(greeter, [], { label: 'greeter' });
  context.send(pid as Pid<unknown>, { tag: 'greet', from: context.self });
  yield* receive();
  yield* receive(isDown);
  yield* sleep(30);
}

/** True when every element that is opened is closed, in order. */
function isWellFormed(xml: string): boolean {
  const open: string[] = [];
  for (const [, close, name, self] of xml.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>/g)) {
    if (close === '/' && open.pop() !== name) return false;
    if (close === '' && self === '') open.push(name);
  }
  return open.length === 0 && !/[&](?!amp;|lt;|gt;|quot;)/.test(xml);
}

const lines = (result: SimResult<unknown>) => result.chart().text.split('\n');

describe('the chart of a run', () => {
  it('shows spawns, messages, exits, DOWN and time as text', () => {
    expect(simulate({}, greeting).chart().text).toBe(
      [
        '                    root     root/0',
        '                    root    greeter',
        '     0      0 ms     @                spawn',
        '     0      0 ms     o.........+      spawn',
        '     1      0 ms     o-------->|      greet {"from":"root"}',
        '     3      0 ms     |         X      exits: normal',
        '     4      0 ms     |<--------o      "<hello> & \\"welcome\\""',
        '     5      0 ms     |<--------o      DOWN normal (sent at 3)',
        '     8     30 ms     :                it is 30 ms',
        '     9     30 ms     X                exits: normal',
      ].join('\n'),
    );
  });

  it('marks where the schedule left FIFO, and what was held back', () => {
    const deviations = [
      [1, 'hold root>root/0'],
      [2, 'crash root/0'],
    ] as const;
    const result = simulate({ deviations }, function* (context) {
      const { pid } = context.spawnMonitor(greeter, [], { label: 'greeter' });
      context.send(pid as Pid<unknown>, { tag: 'greet', from: context.self });
      yield* receive(isDown);
    });
    expect(lines(result).filter((line) => line.startsWith('    *'))).toEqual([
      expect.stringContaining('from here on not before all else: deliver root(root) > root/0(greeter)'),
      expect.stringMatching(/\*2 .*X .*root\/0 crashes/),
    ]);
  });

  it('draws the last rows only, and says how many came before', () => {
    const ticks = simulate({}, function* () {
      for (let tick = 1; tick <= 30; tick++) yield* sleep(1);
    });
    const { text, rows, omitted } = ticks.chart({ rows: 5 });
    expect(rows).toHaveLength(5);
    expect(omitted).toBeGreaterThan(20);
    expect(text).toContain(`... ${omitted} earlier events are left out`);
    expect(text).toContain('it is 30 ms');
    expect(text).not.toContain('it is 20 ms');
  });

  it('leaves the bookkeeping of links and monitors out unless it is asked for', () => {
    const texts = (everything: boolean) =>
      simulate({}, greeting)
        .chart({ everything })
        .rows.map(({ text }) => text);
    expect(texts(false)).not.toContain('monitor');
    expect(texts(false)).not.toContain('runs');
    expect(texts(true)).toContain('runs');
    expect(texts(true).length).toBeGreaterThan(texts(false).length);
  });

  it('names both ends of what crosses between threads, and when it was sent', () => {
    const options: SimOptions = { threads: 1, modules };
    const result = simulate(options, function* (context) {
      const body: Mfa = { module: url, export: 'echo' };
      const pid = context.spawn(body, [], { placement: { thread: 1 } }) as Pid<unknown>;
      context.send(pid, { from: context.self, n: 1 });
      yield* receive();
    });
    const { lanes, rows } = result.chart();
    const arrows = rows.filter(({ kind }) => kind === 'message');
    for (const { sentStep, step } of arrows) expect(sentStep).toBeLessThan(step);
    expect(arrows.every(({ sentStep }) => sentStep >= 0)).toBe(true);
    const ends = arrows.map(({ from, to }) =>
      [from, to].map((lane) => (lane === null ? '' : lanes[lane].path)).join('>'),
    );
    expect(ends).toEqual(['root>root/0', 'root/0>root']);
  });

  it('is an SVG document that holds no markup of the program', () => {
    const folder = mkdtempSync(join(tmpdir(), 'warren-chart-'));
    const path = join(folder, 'run.svg');
    writeChart(path, simulate({}, greeting));
    const svg = readFileSync(path, 'utf8');
    rmSync(folder, { recursive: true });
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(isWellFormed(svg)).toBe(true);
    expect(svg).toContain('&lt;hello&gt; &amp;');
    expect(svg.match(/marker-end/g)).toHaveLength(4);
    expect(isWellFormed('<svg><a></svg>')).toBe(false);
  });

  it('is in the text of a failure', () => {
    const failing = simulate({}, function* (context) {
      context.send(context.spawn(greeter) as Pid<unknown>, { tag: 'greet', from: context.self });
      throw new Error(`no greeting, ${yield* receive()}`);
    });
    expect(failing.describe()).toMatch(/what happened[\s\S]*root\/0[\s\S]*o-+>\|[\s\S]*exits: Error: no greeting/);
  });
});
