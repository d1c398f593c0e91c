// Which connections are in which vhost, by whom, as the metadata server sees them: what their limits count, and who is
// told to close when a user or a vhost is deleted.
import type { Context, DownMessage } from '../../process/index.ts';
import type { AnyPid, Pid, Ref } from '../../term/index.ts';
import {
  type AccessRecords,
  type BrokerLimits,
  channelRefusal,
  DEFAULT_LIMITS,
  entryRefusal,
} from '../access/index.ts';

/** Tells a connection to close with 320 CONNECTION_FORCED and this text. */
export interface ForcedClose {
  readonly tag: 'forcedClose';
  readonly text: string;
}

export interface Session {
  readonly user: string;
  readonly vhost: string;
  /** Open channels, where the user's are limited. */
  channels: number;
}

/** The sessions of a broker; it outlives the server's process. */
export type SessionTable = Map<AnyPid, Session>;

export class Sessions {
  private readonly context: Context<unknown>;
  private readonly table: SessionTable;
  private readonly limits: BrokerLimits;
  /** Connections by vhost, and by user: whoever opens the ten thousandth should not count the others. */
  private readonly inVhost = new Map<string, number>();
  private readonly ofUser = new Map<string, number>();
  private readonly refs = new Map<Ref, AnyPid>();

  constructor(context: Context<unknown>, table: SessionTable, limits: BrokerLimits = DEFAULT_LIMITS) {
    this.context = context;
    this.limits = limits;
    this.table = table;
    for (const [connection, session] of table) {
      this.count(session, 1);
      this.watch(connection);
    }
  }

  /** A connection opens a vhost. Null, or why not. */
  enter(access: AccessRecords, connection: AnyPid, user: string, vhost: string): string | null {
    const counts = {
      onNode: this.table.size,
      inVhost: this.inVhost.get(vhost) ?? 0,
      ofUser: this.ofUser.get(user) ?? 0,
    };
    const refusal = entryRefusal(access, { user, vhost }, counts, this.limits);
    if (refusal === null) this.entered(connection, user, vhost);
    return refusal;
  }

  /** A connection has opened a vhost. */
  entered(connection: AnyPid, user: string, vhost: string): void {
    const session: Session = { user, vhost, channels: 0 };
    this.table.set(connection, session);
    this.count(session, 1);
    this.watch(connection);
  }

  /** A connection that has `open` channels opens one more. Null, or why not. */
  openChannel(access: AccessRecords, connection: AnyPid, open: number): string | null {
    const session = this.table.get(connection);
    if (session === undefined) return null;
    session.channels = open;
    let sum = 0;
    for (const each of this.table.values()) if (each.user === session.user) sum += each.channels;
    const refusal = channelRefusal(access, session.user, sum);
    if (refusal === null) session.channels++;
    return refusal;
  }

  /** A connection has closed channels. */
  channelsClosed(connection: AnyPid, open: number): void {
    const session = this.table.get(connection);
    if (session !== undefined) session.channels = open;
  }

  /** Closes the connections of a user or a vhost that is no more. */
  close(isMeant: (session: Session) => boolean, text: string): void {
    for (const [connection, session] of this.table) if (isMeant(session)) this.closeOne(connection, text);
  }

  /** Closes one connection. */
  closeOne(connection: AnyPid, text: string): void {
    this.context.send(connection as Pid<ForcedClose>, { tag: 'forcedClose', text });
  }

  /** Whether it was one of the connections. */
  down({ ref }: DownMessage): boolean {
    const connection = this.refs.get(ref);
    if (connection === undefined) return false;
    this.refs.delete(ref);
    const session = this.table.get(connection);
    this.table.delete(connection);
    if (session !== undefined) this.count(session, -1);
    return true;
  }

  private count({ vhost, user }: Session, by: 1 | -1): void {
    add(this.inVhost, vhost, by);
    add(this.ofUser, user, by);
  }

  private watch(connection: AnyPid): void {
    this.refs.set(this.context.monitor(connection), connection);
  }
}

function add(counts: Map<string, number>, name: string, by: number): void {
  const count = (counts.get(name) ?? 0) + by;
  if (count === 0) counts.delete(name);
  else counts.set(name, count);
}
