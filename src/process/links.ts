// The link table of one process (LNK-1, LNK-5). A link is one entry per pair; an entry that is being unlinked keeps the
// id of the unlink until the peer acknowledges it, so that a late exit or a link that crosses an unlink is judged right.
//
//   entry absent              not linked
//   entry === 0 (LINKED)      linked
//   entry === id > 0          unlink(id) sent, acknowledgement outstanding: exits from the peer are stale
import type { AnyPid } from '../term/index.ts';

const LINKED = 0;

export class Links {
  private readonly entries = new Map<AnyPid, number>();
  private lastId = 0;

  /** Number of active links. */
  get size(): number {
    let size = 0;
    for (const entry of this.entries.values()) if (entry === LINKED) size++;
    return size;
  }

  has(pid: AnyPid): boolean {
    return this.entries.get(pid) === LINKED;
  }

  /** The own side of `link`: true when a LINK signal has to be sent. */
  link(pid: AnyPid): boolean {
    if (this.entries.get(pid) === LINKED) return false;
    // A pending unlink is forgotten: its acknowledgement carries an id that no longer matches.
    this.entries.set(pid, LINKED);
    return true;
  }

  /** The own side of `unlink`: the id to send with UNLINK, or 0 when there was no link. */
  unlink(pid: AnyPid): number {
    if (this.entries.get(pid) !== LINKED) return 0;
    const id = ++this.lastId;
    this.entries.set(pid, id);
    return id;
  }

  /** A LINK signal came. While an own unlink is under way the request is older than it and loses. */
  receiveLink(pid: AnyPid): void {
    if (!this.entries.has(pid)) this.entries.set(pid, LINKED);
  }

  /** An UNLINK signal came; the caller answers with an acknowledgement. */
  receiveUnlink(pid: AnyPid): void {
    if (this.entries.get(pid) === LINKED) this.entries.delete(pid);
  }

  receiveUnlinkAck(pid: AnyPid, id: number): void {
    if (this.entries.get(pid) === id) this.entries.delete(pid);
  }

  /** The peer died: true when the link was active, so that its exit counts. */
  receiveExit(pid: AnyPid): boolean {
    const entry = this.entries.get(pid);
    if (entry !== undefined) this.entries.delete(pid);
    return entry === LINKED;
  }

  /** Forgets the link without a signal; for a peer that is known to be dead. */
  delete(pid: AnyPid): void {
    this.entries.delete(pid);
  }

  /** The pids with an active link, in the order in which the links were made. */
  active(): AnyPid[] {
    const pids: AnyPid[] = [];
    for (const [pid, entry] of this.entries) if (entry === LINKED) pids.push(pid);
    return pids;
  }
}
