// The checker against planted histories: a sound one passes, each kind of mistake is found under its own name, and what
// a fault explains is explained for that fault only.
import { describe, expect, it } from 'vitest';
import { checkHistory, type Explained, NOTHING_EXPLAINED, type Observation, type Rule } from './queue-checker.ts';

const publish = (seq: number, queue = 'q', publisher = 'p'): Observation => ({ op: 'publish', publisher, seq, queue });
const confirm = (seq: number, isAck = true, publisher = 'p'): Observation => ({ op: 'confirm', publisher, seq, isAck });
const deliver = (seq: number, redelivered = false, consumer = 'c', queue = 'q'): Observation => ({
  op: 'deliver',
  publisher: 'p',
  seq,
  queue,
  consumer,
  redelivered,
});
const acknowledge = (seq: number, consumer = 'c'): Observation => ({
  op: 'acknowledge',
  publisher: 'p',
  seq,
  consumer,
});
/** Published, confirmed, delivered and acknowledged. */
const whole = (seq: number): Observation[] => [publish(seq), confirm(seq), deliver(seq), acknowledge(seq)];

function rules(history: readonly Observation[], explained: Partial<Explained> = {}): readonly Rule[] {
  return checkHistory(history, { ...NOTHING_EXPLAINED, ...explained }).violations.map(({ rule }) => rule);
}

const deadC = { deadConsumers: new Set(['c']) };
const deadP = { deadPublishers: new Set(['p']) };
const crashed = { crashedQueues: new Set(['q']) };
const emptied = { emptiedQueues: new Set(['q']) };

describe('a sound history', () => {
  it('has no violations, and is counted', () => {
    const history = [...whole(1), ...whole(2)];
    expect(checkHistory(history)).toEqual({
      published: 2,
      confirmed: 2,
      nacked: 0,
      delivered: 2,
      repeated: 0,
      missing: 0,
      violations: [],
    });
  });

  it('may confirm after delivering, and deliver one publisher to several queues and consumers', () => {
    const history = [publish(1), deliver(1), acknowledge(1), confirm(1), publish(2, 'r'), confirm(2)];
    expect(rules([...history, deliver(2, false, 'd', 'r'), acknowledge(2, 'd')])).toEqual([]);
  });
});

describe('each planted mistake is found', () => {
  it.each<[string, Observation[], Rule[]]>([
    ['a confirmed Message never comes', [publish(1), confirm(1)], ['lost']],
    ['a delivered one is never acknowledged', [publish(1), confirm(1), deliver(1)], ['lost']],
    ['a Message nobody published', [deliver(7)], ['invented']],
    ['a Message from a queue it was not sent to', [...whole(1), deliver(1, true, 'c', 'r')], ['invented']],
    ['a confirm of nothing', [confirm(7)], ['invented']],
    ['twice, unflagged', [...whole(1), deliver(1), acknowledge(1)], ['repeated without the flag', 'repeated']],
    ['twice, flagged', [...whole(1), deliver(1, true), acknowledge(1)], ['repeated']],
    ['flagged the first time', [publish(1), confirm(1), deliver(1, true), acknowledge(1)], ['flagged but new']],
    [
      'overtaken',
      [publish(1), publish(2), confirm(2), confirm(1), deliver(2), deliver(1), acknowledge(1), acknowledge(2)],
      ['out of order'],
    ],
    ['never answered', [publish(1), deliver(1), acknowledge(1)], ['unanswered']],
    ['answered twice', [...whole(1), confirm(1)], ['answered twice']],
    ['nacked for no reason', [publish(1), confirm(1, false)], ['nacked']],
  ])('%s', (_name, history, expected) => {
    expect(rules(history)).toEqual(expected);
  });
});

describe('what a fault explains', () => {
  it('a dead consumer: its Messages come again flagged, to another one, and must come', () => {
    const held = [publish(1), confirm(1), deliver(1)];
    expect(rules([...held, deliver(1, true, 'd'), acknowledge(1, 'd')], deadC)).toEqual([]);
    expect(rules([...held, deliver(1, false, 'd'), acknowledge(1, 'd')], deadC)).toEqual(['repeated without the flag']);
    expect(rules(held, deadC)).toEqual(['lost']);
  });

  it('a dead consumer: what it had first may be read after what another one had again, once', () => {
    const late = [publish(1), confirm(1), deliver(1, true, 'd'), acknowledge(1, 'd'), deliver(1)];
    expect(rules(late, deadC)).toEqual([]);
    expect(rules([...late, deliver(1)], deadC)).toEqual(['repeated without the flag']);
  });

  it('a dead consumer explains nothing that another one had', () => {
    const history = [...whole(1), deliver(1, true, 'd'), acknowledge(1, 'd')];
    expect(rules(history, { deadConsumers: new Set(['e']) })).toEqual(['repeated']);
  });

  it('a dead consumer may have held what nobody saw: flagged at its first sight', () => {
    expect(rules([publish(1), confirm(1), deliver(1, true, 'd'), acknowledge(1, 'd')], deadC)).toEqual([]);
  });

  it('a dead publisher: what was not answered may be missing, what was confirmed may not', () => {
    expect(rules([publish(1)], deadP)).toEqual([]);
    expect(rules([publish(1), confirm(1)], deadP)).toEqual(['lost']);
  });

  it('a crashed queue: flagged repeats, older ones first, and nothing lost', () => {
    const history = [publish(1), publish(2), confirm(1), confirm(2), deliver(1), deliver(2)];
    const again = [deliver(1, true), deliver(2, true), acknowledge(1), acknowledge(2)];
    expect(rules([...history, ...again], crashed)).toEqual([]);
    expect(rules([...history, ...again])).toEqual(['repeated', 'repeated']);
    expect(rules([...history, deliver(1, true), acknowledge(1), acknowledge(2)].slice(0, -1), crashed)).toEqual([
      'lost',
    ]);
  });

  it('a crashed queue: what comes again comes before anything new', () => {
    const history = [publish(1), publish(2), publish(3), confirm(1), confirm(2), confirm(3), deliver(1), deliver(2)];
    const acknowledged = [acknowledge(1), acknowledge(2), acknowledge(3)];
    expect(rules([...history, deliver(1, true), deliver(2, true), deliver(3), ...acknowledged], crashed)).toEqual([]);
    expect(rules([...history, deliver(1, true), deliver(3), deliver(2, true), ...acknowledged], crashed)).toEqual([
      'not in place',
    ]);
  });

  it('an emptied queue: contents gone and publishes nacked, in that queue only', () => {
    const history = [publish(1), confirm(1), publish(2), confirm(2, false), publish(3, 'r'), confirm(3, false)];
    expect(rules(history, emptied)).toEqual(['nacked']);
    expect(checkHistory(history.slice(0, 4), { ...NOTHING_EXPLAINED, ...emptied }).missing).toBe(1);
  });
});
