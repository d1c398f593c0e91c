// All rows of the conformance matrix, in the order of the page.
import { FLAGS } from './flags.ts';
import { CLIENT_METHODS, SERVER_METHODS } from './methods.ts';
import type { Group } from './row.ts';

export const GROUPS: readonly Group[] = [CLIENT_METHODS, SERVER_METHODS, FLAGS];
