// What each operation needs: recorded from RabbitMQ 3.10.8 by taking one permission after another from a user.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AccessRecords, authorize, type Operation, patternError } from '../../../src/broker/access/index.ts';

type Rights = Readonly<Record<'configure' | 'write' | 'read', string>>;
const ALL: Rights = { configure: '.*', write: '.*', read: '.*' };

function having(rights: Rights, topics: AccessRecords['topicPermissions'] = []): AccessRecords {
  return { vhosts: [], users: [], permissions: [{ user: 'u', vhost: 'v', ...rights }], topicPermissions: topics };
}

const text = (access: AccessRecords, operation: Operation, vhost = 'v'): string =>
  authorize(access, 'u', vhost, operation)?.text ?? 'ok';

const toQueue = { on: 'queue', name: 'q' } as const;
const toExchange = { on: 'exchange', name: 'f' } as const;

/** An operation, and per missing permission what is refused. */
const TABLE: readonly (readonly [Operation, Partial<Rights>])[] = [
  [{ do: 'declareExchange', exchange: 'e', alternate: null }, { configure: "exchange 'e'" }],
  [
    { do: 'declareExchange', exchange: 'e', alternate: 'f' },
    { configure: "exchange 'e'", read: "exchange 'e'", write: "exchange 'f'" },
  ],
  [{ do: 'deleteExchange', exchange: 'e' }, { configure: "exchange 'e'" }],
  [{ do: 'declareQueue', queue: 'q', deadLetter: null }, { configure: "queue 'q'" }],
  [
    { do: 'declareQueue', queue: 'q', deadLetter: '' },
    { configure: "queue 'q'", read: "queue 'q'", write: "exchange 'amq.default'" },
  ],
  [{ do: 'deleteQueue', queue: 'q' }, { configure: "queue 'q'" }],
  [{ do: 'purge', queue: 'q' }, { read: "queue 'q'" }],
  [{ do: 'consume', queue: 'q' }, { read: "queue 'q'" }],
  [{ do: 'get', queue: 'q' }, { read: "queue 'q'" }],
  [
    { do: 'bind', source: 'e', destination: toQueue, topic: null },
    { write: "queue 'q'", read: "exchange 'e'" },
  ],
  [
    { do: 'bind', source: 'e', destination: toExchange, topic: 'k' },
    { write: "exchange 'f'", read: "exchange 'e'" },
  ],
  [{ do: 'publish', exchange: 'e', topic: 'k' }, { write: "exchange 'e'" }],
  [{ do: 'publish', exchange: '', topic: null }, { write: "exchange 'amq.default'" }],
];

describe('B23 the permission matrix', () => {
  const cases = TABLE.flatMap(([operation, refusals]) =>
    (['configure', 'write', 'read'] as const).map((missing) => ({ operation, missing, refused: refusals[missing] })),
  );
  it.each(cases)('$operation without $missing', ({ operation, missing, refused }) => {
    const wanted = refused === undefined ? 'ok' : `access to ${refused} in vhost 'v' refused for user 'u'`;
    expect(text(having({ ...ALL, [missing]: '' }), operation)).toBe(wanted);
    expect(text(having({ ...ALL, [missing]: '^$' }), operation)).toBe(wanted);
    expect(text(having(ALL), operation)).toBe('ok');
  });

  it('a name is allowed exactly where its expression is found in it', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.'), minLength: 1, maxLength: 5 });
    const pattern = fc.constantFrom('^a', 'b$', '^a.*b$', '', '.*', '^(a|b)$');
    fc.assert(
      fc.property(name, pattern, pattern, pattern, (queue, configure, write, read) => {
        const access = having({ configure, write, read });
        const finds = (each: string) => each !== '' && new RegExp(each).test(queue);
        expect(text(access, { do: 'deleteQueue', queue }) === 'ok').toBe(finds(configure));
        expect(text(access, { do: 'publish', exchange: queue, topic: null }) === 'ok').toBe(finds(write));
        expect(text(access, { do: 'get', queue }) === 'ok').toBe(finds(read));
      }),
    );
  });

  it('B25 what a user has in one vhost is nothing in another, and nothing to another user', () => {
    for (const [operation] of TABLE) {
      expect(text(having(ALL), operation, 'w')).toContain("in vhost 'w' refused for user 'u'");
      expect(authorize(having(ALL), 'w', 'v', operation)?.text).toContain("refused for user 'w'");
    }
  });
});

describe('topic permissions', () => {
  const topics = [{ user: 'u', vhost: 'v', exchange: 'e', write: '^a\\.', read: '^b\\.{username}\\.{vhost}$' }];
  const access = having(ALL, topics);
  const publish = (topic: string, exchange = 'e') => text(access, { do: 'publish', exchange, topic });
  const bind = (topic: string) => text(access, { do: 'bind', source: 'e', destination: toQueue, topic });

  it('limit routing keys of their exchange, and of no other', () => {
    expect(publish('a.1')).toBe('ok');
    expect(publish('z.1')).toBe("access to topic 'z.1' in exchange 'e' in vhost 'v' refused for user 'u'");
    expect(publish('z.1', 'other')).toBe('ok');
    expect(bind('b.u.v')).toBe('ok');
    expect(bind('b.x.v')).toBe("access to topic 'b.x.v' in exchange 'e' in vhost 'v' refused for user 'u'");
  });

  it('leave {client_id} as it is: RabbitMQ knows it of MQTT clients only', () => {
    const access = having(ALL, [
      { ...topics[0], write: '^a\\.{client_id}$', read: '^{vhost}x{username}-{client_id}$' },
    ]);
    const own = (operation: Operation) => text(access, operation);
    expect(own({ do: 'publish', exchange: 'e', topic: 'a.{client_id}' })).toBe('ok');
    for (const topic of ['a.', 'a.undefined', 'a.u']) {
      expect(own({ do: 'publish', exchange: 'e', topic })).toContain(`access to topic '${topic}'`);
    }
    expect(own({ do: 'bind', source: 'e', destination: toQueue, topic: 'vxu-{client_id}' })).toBe('ok');
    expect(own({ do: 'bind', source: 'e', destination: toQueue, topic: 'vxu-' })).toContain('refused');
  });

  it('take what is put in for a variable as plain text', () => {
    const records = { ...having(ALL), permissions: [{ user: '.*', vhost: 'v', ...ALL }] };
    const own = { ...records, topicPermissions: [{ ...topics[0], user: '.*', write: '^{username}$' }] };
    expect(authorize(own, '.*', 'v', { do: 'publish', exchange: 'e', topic: '.*' })).toBe(null);
    expect(authorize(own, '.*', 'v', { do: 'publish', exchange: 'e', topic: 'anything' })).not.toBe(null);
  });
});

it('expressions that are no expressions, too long, or could take for ever are refused', () => {
  for (const good of ['', '.*', '^(amq\\.gen.*|amq\\.default)$', '^[a-z(+]+$', '(ab)+', '(a.*)?', '\\(a+\\)+']) {
    expect([good, patternError(good)]).toEqual([good, null]);
  }
  for (const bad of ['(', '(a+)+', '((a*)b)*$', '(a|a)*', '([a-z]+)*', '(a{1,9}){2,}', 'a'.repeat(1_001)]) {
    expect([bad, patternError(bad)]).not.toEqual([bad, null]);
  }
});
