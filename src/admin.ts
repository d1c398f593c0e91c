// What an embedder does to a running broker without a connection: `broker.admin`. Every change is done, and in the log
// where there is one, when its promise resolves.
import {
  AccessAdmin,
  AdminError,
  allMetadata,
  type Change,
  type DefinitionsJson,
  deletePolicy,
  importDefinitions,
  type MetadataEvent,
  type Policy,
  type PolicyGiven,
  type PolicyScope,
  readPolicy,
  setPolicy,
  writeDefinitions,
} from './broker/index.ts';
import type { Effects } from './process/index.ts';
import type { System } from './system/index.ts';

export type { Policy, PolicyDefinition, PolicyScope, PolicyValue } from './broker/index.ts';
export {
  AdminError,
  DefinitionsError,
  type DefinitionsJson,
  type UserSettings,
  type UserView,
  type VhostSettings,
} from './broker/index.ts';

/** What is given to set a policy. */
export interface PolicyOptions {
  /** Default `/`. */
  readonly vhost?: string;
  readonly name: string;
  /** A regular expression that is looked for in names. */
  readonly pattern: string;
  /** Default `all`. */
  readonly applyTo?: PolicyScope;
  /** The highest wins. Default 0. */
  readonly priority?: number;
  /** By RabbitMQ's keys, such as `max-length`. */
  readonly definition: Policy['definition'];
}

/** The administration of one broker. */
export class BrokerAdmin extends AccessAdmin {
  private readonly system: System;

  constructor(system: System) {
    super((body) => system.perform(body));
    this.system = system;
  }

  /** Adds a policy or replaces the one of that name. Rejects with {@link AdminError}, in RabbitMQ's words. */
  setPolicy(policy: PolicyOptions): Promise<void> {
    return this.set(policy, false);
  }

  /** The same for an operator policy, whose stricter values go before those of a policy. */
  setOperatorPolicy(policy: PolicyOptions): Promise<void> {
    return this.set(policy, true);
  }

  /** Rejects with {@link AdminError} when there is none of that name. */
  deletePolicy(name: string, vhost = '/'): Promise<void> {
    return this.change(() => deletePolicy({ vhost, name, isOperator: false }));
  }

  /** Rejects with {@link AdminError} when there is none of that name. */
  deleteOperatorPolicy(name: string, vhost = '/'): Promise<void> {
    return this.change(() => deletePolicy({ vhost, name, isOperator: true }));
  }

  /** All policies of all vhosts, those of operators too. */
  async policies(): Promise<readonly Policy[]> {
    const events = await this.system.perform(() => allMetadata());
    return events.flatMap((event: MetadataEvent) => (event.tag === 'policySet' ? [event.policy] : []));
  }

  /** All that is declared and configured, as RabbitMQ's JSON. */
  async exportDefinitions(): Promise<DefinitionsJson> {
    return writeDefinitions(await this.system.perform(() => allMetadata()));
  }

  /**
   * Imports RabbitMQ's JSON, as an object or a text; what is there and not in it stays. Rejects with
   * {@link DefinitionsError}, before anything is changed, when there is something wrong with it.
   */
  async importDefinitions(definitions: unknown): Promise<void> {
    await this.system.perform(() => importDefinitions(definitions));
  }

  private set(given: PolicyOptions, isOperator: boolean): Promise<void> {
    const policy = readPolicy({ ...given, vhost: given.vhost ?? '/' } satisfies PolicyGiven, isOperator);
    return 'why' in policy
      ? Promise.reject(new AdminError('invalid', policy.why))
      : this.change(() => setPolicy(policy));
  }

  private async change(effects: () => Effects<Change>): Promise<void> {
    const change = await this.system.perform(effects);
    if (!change.ok) throw new AdminError('invalid', change.why);
  }
}
