// A small model of an ordered supervisor (SUP-1...8, SUP-11, SUP-12), written for clarity: what the children must see.
import type { AutoShutdown, Restart, Strategy } from '../../src/behaviours/index.ts';

export interface ModelSpec {
  readonly name: string;
  readonly restart: Restart;
  readonly significant: boolean;
}

/** `dead`: has died, but the supervisor has not come to its EXIT yet; `restarting`: between two attempts (SUP-7). */
type State = 'running' | 'dead' | 'restarting' | 'stopped';

interface ModelChild extends ModelSpec {
  state: State;
}

/** What waits in the supervisor's mailbox: the EXIT of a child, or the retry of a failed start. */
interface News {
  readonly child: ModelChild;
  /** Null for a retry. */
  readonly reason: string | null;
}

export class SupervisorModel {
  readonly events: string[] = [];
  readonly failures = new Map<string, number>();
  isAlive = true;
  nowMs = 0;
  table: ModelChild[];
  private readonly restarts: number[] = [];
  private inbox: News[] = [];
  private readonly strategy: Strategy;
  private readonly intensity: number;
  private readonly periodMs: number;
  private readonly autoShutdown: AutoShutdown;

  constructor(
    specs: readonly ModelSpec[],
    flags: { strategy: Strategy; intensity: number; periodMs: number; autoShutdown: AutoShutdown },
  ) {
    this.table = specs.map((spec) => ({ ...spec, state: 'running' }));
    this.strategy = flags.strategy;
    this.intensity = flags.intensity;
    this.periodMs = flags.periodMs;
    this.autoShutdown = flags.autoShutdown;
    for (const { name } of specs) this.events.push(`+${name}`);
  }

  find(name: string): ModelChild | undefined {
    return this.table.find((child) => child.name === name);
  }

  /** These running children die by a kill, all before the supervisor notices. */
  kill(names: readonly string[]): void {
    const killed = this.table.filter((child) => names.includes(child.name) && child.state === 'running');
    killed.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
    for (const child of killed) {
      child.state = 'dead';
      this.inbox.push({ child, reason: 'killed' });
    }
    this.run();
  }

  end(name: string, reason: string): void {
    const child = this.find(name);
    if (child?.state !== 'running') return;
    this.events.push(`-${name} ${reason}`);
    child.state = 'dead';
    this.inbox.push({ child, reason });
    this.run();
  }

  terminate(name: string): void {
    const child = this.find(name);
    if (child !== undefined) this.stop([child]);
  }

  restart(name: string): void {
    const child = this.find(name);
    if (child?.state === 'stopped') this.start(child);
  }

  delete(name: string): void {
    this.table = this.table.filter((child) => child.name !== name || child.state !== 'stopped');
  }

  private ended(child: ModelChild, reason: string): void {
    child.state = 'stopped';
    const isCrash = reason !== 'normal' && reason !== 'shutdown';
    if (child.restart === 'permanent' || (child.restart === 'transient' && isCrash)) {
      this.revive(child);
      return;
    }
    if (child.restart === 'temporary') this.table = this.table.filter((other) => other !== child);
    if (!child.significant || this.autoShutdown === 'never') return;
    const others = this.table.some((other) => other.significant && other.state !== 'stopped');
    if (this.autoShutdown === 'anySignificant' || !others) this.giveUp();
  }

  private run(): void {
    for (let news = this.inbox.shift(); news !== undefined && this.isAlive; news = this.inbox.shift()) {
      if (news.reason !== null) this.ended(news.child, news.reason);
      else if (news.child.state === 'restarting') this.revive(news.child);
    }
  }

  private revive(failed: ModelChild): void {
    this.restarts.push(this.nowMs);
    if (this.restarts.filter((time) => time >= this.nowMs - this.periodMs).length > this.intensity) {
      this.giveUp();
      return;
    }
    const group = this.groupOf(failed);
    this.stop(group);
    const unlucky = group.filter((child) => this.table.includes(child)).find((child) => !this.start(child));
    if (unlucky === undefined) return;
    unlucky.state = 'restarting';
    this.inbox.push({ child: unlucky, reason: null });
  }

  private groupOf(failed: ModelChild): ModelChild[] {
    if (this.strategy === 'oneForAll') return this.table;
    return this.strategy === 'restForOne' ? this.table.slice(this.table.indexOf(failed)) : [failed];
  }

  private start(child: ModelChild): boolean {
    const left = this.failures.get(child.name) ?? 0;
    this.events.push(`${left > 0 ? '!' : '+'}${child.name}`);
    if (left > 0) {
      this.failures.set(child.name, left - 1);
      return false;
    }
    child.state = 'running';
    return true;
  }

  private stop(group: readonly ModelChild[]): void {
    for (const child of [...group].reverse()) {
      if (child.state === 'running') this.events.push(`-${child.name} shutdown`);
      // The EXIT of a child that is dead already is taken out of the mailbox (SUP-8).
      this.inbox = this.inbox.filter((news) => news.child !== child || news.reason === null);
      child.state = 'stopped';
      if (child.restart === 'temporary') this.table = this.table.filter((other) => other !== child);
    }
  }

  private giveUp(): void {
    this.stop(this.table);
    this.isAlive = false;
  }
}
