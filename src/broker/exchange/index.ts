// Exchanges: what they are, what binds them, and where they send a Message.
//
//   const tables = new RoutingTables();
//   tables.addQueue('jobs', 7);
//   tables.bind({ source: 'amq.topic', destination: { kind: 'queue', queueId: 7 }, routingKey: 'job.#', arguments: NO_FIELDS });
//   route(tables, 'amq.topic', message, formats); // [7] for the key job.new

export { checkBinding } from './binding-checks.ts';
export { DELAY_MS_MAX, delayed } from './delayed.ts';
export * from './exchange.ts';
export { topicCost } from './matchers.ts';
export { checkHistoryArguments, historyLength, mergedHistory, type Remembered } from './recent-history.ts';
export { CACHED_KEYS_MAX, route } from './route.ts';
export { type Exchange, RoutingTables } from './routing-tables.ts';
