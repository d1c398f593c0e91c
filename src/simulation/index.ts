// The third engine: the same kernel under a virtual clock and a schedule that is data (DESIGN decisions 1, 2, 17).
//
//   const result = simulate({ seed: 7, strategy: 'portfolio' }, function* (context) {
//     const counter = context.spawn(counterBody);
//     ...
//   });
//   result.value; // what the body returned, or a SimulationError with a token that replays the run
export type { Chart, ChartOptions, Lane, Row } from './chart.ts';
export { loadModules } from './code.ts';
export { crc32 } from './crc32.ts';
export * from './disk.ts';
export * from './disk-operation.ts';
export { CUT_POLICIES, type CutPolicy } from './disk-power.ts';
export { type DiskSeatOptions, simDisk } from './disk-seat.ts';
export * from './explore.ts';
export { describeFault, type FaultOptions, isFaultKey, type Victim, weaker } from './faults.ts';
export { UncontrolledCallError } from './guard.ts';
export { heal } from './heal.ts';
export { type NetOptions, SimNet, simNet } from './net.ts';
export * from './options.ts';
export { SeededRandom } from './random.ts';
export * from './result.ts';
export type { AsyncSimBody, SimBody } from './run.ts';
export * from './schedule.ts';
export * from './search.ts';
export { Flight, Pair, Seat, Seats } from './seat.ts';
export * from './shrink.ts';
export * from './sim-scheduler.ts';
export { SimSocket } from './sim-socket.ts';
export * from './simulate.ts';
export { portfolio, type Strategy } from './strategies.ts';
export * from './sweep.ts';
export * from './tape.ts';
export { PairTransit, type TransitHost } from './transit.ts';
export { ALL_CHECKS, type Checks, NO_CHECKS, type Violation, Watch } from './watch.ts';
