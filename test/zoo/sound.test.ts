// The properties that only the zoo has hold on the sound system, under many more schedules than a hunt takes.
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { RunQueue } from '../../src/scheduler/run-queue.ts';
import { checkCycles, deathRuns } from '../broker/deaths.ts';
import { holds } from '../properties/check.ts';
import { exits } from './exits.ts';
import { manners, stops } from './manners.ts';
import { claims, families, floods, patientCalls, sleepers, values } from './processes.ts';
import { checkRunQueue, runQueueRuns } from './run-queue.ts';
import { mourning, reasons, widows } from './threads.ts';
import { checkVhosts, vhostRuns } from './vhosts.ts';

const RUNS = 200;
const BROKER_RUNS = 40;
const LAW_RUNS = 2_000;

describe('nothing is seen where nothing is planted', () => {
  it('R6 R19 exits do what the table says', () => holds(exits, RUNS));
  it('R11 a name has one owner', () => holds(claims, RUNS));
  it('R12 nothing is left of a family', () => holds(families, RUNS));
  it('R13 who has no link to a thread hears nothing of it', () => {
    holds(mourning, RUNS);
    holds(widows, RUNS);
  });
  it('R14 a value arrives as it was sent', () => holds(values, RUNS));
  it('R15 nobody waits longer than is said', () => {
    fc.assert(
      fc.property(runQueueRuns, (run) => checkRunQueue(run, new RunQueue())),
      { numRuns: LAW_RUNS },
    );
  });
  it('R16 a mailbox keeps to its bound', () => holds(floods, RUNS));
  it('R17 the same tape is the same run', () => holds(sleepers, RUNS));
  it('R20 a reason crosses as it is', () => holds(reasons, RUNS));
  it('R21 a call without a limit ends', () => holds(patientCalls, RUNS));
  it('B14 B21 B22 B27 a client gets what it may expect', () => holds(manners(), BROKER_RUNS));
  it('B17 a cycle goes on with a rejection only', () => {
    fc.assert(
      fc.property(deathRuns, (run) => checkCycles(run)),
      { numRuns: LAW_RUNS },
    );
  });
  it('B25 vhosts do not hear of each other', () => {
    fc.assert(
      fc.property(vhostRuns, (run) => checkVhosts(run)),
      { numRuns: LAW_RUNS },
    );
  });
  it('B29 nothing is left of a broker', () => holds(stops, BROKER_RUNS));
});
