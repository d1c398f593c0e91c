// Policies and operator policies: what they are, what is wrong with one, and what they make of a queue's arguments.
export * from './checks.ts';
export * from './effective.ts';
export * from './policy.ts';
