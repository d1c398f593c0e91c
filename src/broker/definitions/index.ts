// Definitions: RabbitMQ's JSON of all that is declared and configured, both ways.
export { type BadDefinitions, badDefinitionsIn } from './boot.ts';
export { type Definitions, DefinitionsError } from './definitions.ts';
export { importDefinitions } from './import.ts';
export { type DefinitionsJson, writeDefinitions } from './write.ts';
