// All cases of the suite.
import type { Case } from '../case.ts';
import { aliasCases } from './aliases.ts';
import { boundCases } from './bounds.ts';
import { exitCases } from './exits.ts';
import { genEventCases } from './gen-event.ts';
import { genServerCases } from './gen-server.ts';
import { genServerEndCases } from './gen-server-end.ts';
import { genStatemCases } from './gen-statem.ts';
import { goChannelCases } from './go-channels.ts';
import { groupCases } from './groups.ts';
import { linkCases } from './links.ts';
import { monitorCases } from './monitors.ts';
import { nameCases } from './names.ts';
import { receiveCases } from './receive.ts';
import { schedulingCases } from './scheduling.ts';
import { sharedCases } from './shared.ts';
import { signalCases } from './signals.ts';
import { spawnCases } from './spawn.ts';
import { supervisorCases } from './supervisor.ts';
import { supervisorChildrenCases } from './supervisor-children.ts';
import { suspensionCases } from './suspension.ts';
import { sysCases } from './sys.ts';
import { taskCases } from './tasks.ts';
import { timerCases } from './timers.ts';

export const CASES: readonly Case[] = [
  ...signalCases,
  ...exitCases,
  ...linkCases,
  ...monitorCases,
  ...aliasCases,
  ...nameCases,
  ...receiveCases,
  ...timerCases,
  ...taskCases,
  ...goChannelCases,
  ...groupCases,
  ...sharedCases,
  ...spawnCases,
  ...schedulingCases,
  ...suspensionCases,
  ...boundCases,
  ...genServerCases,
  ...genServerEndCases,
  ...genStatemCases,
  ...genEventCases,
  ...sysCases,
  ...supervisorCases,
  ...supervisorChildrenCases,
];
