// Behaviours: the OTP patterns as data and callbacks, over the public context of a process only.
//
//   import { call, cast, genServer, noReply, ok, reply, type Request, startLink, supervisor, whichChildren } from './behaviours/index.ts';
//
//   type CounterCall = Request<{ tag: 'get' }, number> | Request<{ tag: 'add'; by: number }, number>;
//
//   const counter = genServer({
//     init: (_context, first: number) => ok(first),
//     handleCall(request: CounterCall, _from, count: number) {
//       const next = request.tag === 'add' ? count + request.by : count;
//       return reply(next, next);
//     },
//     handleCast: (_message: { tag: 'reset' }, _count: number) => noReply(0),
//   });
//
//   const tree = supervisor({
//     strategy: 'oneForOne',
//     children: [{ id: 'counter', start: { body: counter, args: [1], name: 'counter' } }],
//   });
//
//   function* main(context: Context): Effects<void> {
//     const started = yield* startLink(counter, [40]);
//     if (!started.ok) return context.exit(started.error);
//     const answer = yield* call(started.pid, { tag: 'add', by: 2 }); // a number: 42
//     cast(context, started.pid, { tag: 'reset' });
//     yield* startLink(tree); // the supervisor and its children have started when this returns
//   }
export * from './call.ts';
export * from './callbacks.ts';
export { CellsExhaustedError } from './cells.ts';
export * from './child-spec.ts';
export * from './counters.ts';
export { type Cursor, collect, forEach } from './cursor.ts';
export * from './dynamic-supervisor.ts';
export * from './gen-event.ts';
export { genServer, type ServerDefinition, UnhandledRequestError } from './gen-server.ts';
export {
  callStatem,
  genStatem,
  type StateFunction,
  type StatemCallbacks,
  type StatemDefinition,
} from './gen-statem.ts';
export {
  asyncRange,
  closeGoChannel,
  type GoChannel,
  GoChannelError,
  type GoChannelOptions,
  type GoChannelReason,
  goChannel,
  goChannelInfo,
  type Received,
  range,
  receiveFrom,
  sendTo,
} from './go-channel.ts';
export type { GoInfo, OwnerDown } from './go-channel-protocol.ts';
export { GO_CHANNEL_SERVER, GO_LINGER_MS } from './go-channel-server.ts';
export {
  onReceive,
  onSend,
  type ReceiveCase,
  type SelectCases,
  type Selected,
  type SelectOptions,
  type SendCase,
  select,
} from './go-select.ts';
export { GROUP_SCOPE, type GroupEvent } from './group-scope.ts';
export type { Group } from './group-table.ts';
export * from './groups.ts';
export { codeReloader, reloadModule } from './hot-code.ts';
export * from './partition-supervisor.ts';
export {
  eraseTerm,
  getTerm,
  type PersistentTermsOptions,
  persistentTerms,
  putTerm,
  TERM_REPLICA,
  type TermKey,
  termKeys,
} from './persistent-terms.ts';
export * from './proc-lib.ts';
export * from './protocol.ts';
export * from './registry.ts';
export * from './requests.ts';
export * from './results.ts';
export type { BadReturnReason } from './server-steps.ts';
export type { ServerEvent, ServerStatistics } from './server-watch.ts';
export * from './start-link.ts';
export type { HistoryView, StateStep } from './state-history.ts';
export * from './statem-results.ts';
export { type SupervisorDefinition, type SupervisorSpec, type SupervisorSpecFor, supervisor } from './supervisor.ts';
export * from './supervisor-calls.ts';
export type { SupervisorEvent, SupervisorReport } from './supervisor-reports.ts';
export {
  changeCode,
  countMessages,
  getEvents,
  getHistory,
  getState,
  getStatistics,
  getStatus,
  keepEvents,
  replaceState,
  resume,
  type ServerStatus,
  stepBack,
  stepForward,
  suspend,
  traceEvents,
} from './sys.ts';
export type { Row, TableKey, TableKind } from './table-store.ts';
export * from './tables.ts';
export {
  asyncTask,
  awaitTask,
  awaitTasks,
  checkTask,
  ignoreTask,
  shutdownTask,
  type Task,
  TaskError,
  type TaskOptions,
  type TaskOutcome,
  type TaskReason,
  type TaskStarter,
  yieldTask,
} from './task.ts';
export { type ResultOf, type TaskContext, type TaskDefinition, type TaskWork, task } from './task-body.ts';
export { asyncStream, STREAM_CONCURRENCY, type StreamOptions, type StreamOutcome, TaskStream } from './task-stream.ts';
export { asyncNolink, asyncUnder, taskSupervisor } from './task-supervisor.ts';
export * from './via.ts';
