// Question: how fast could a log be that does nothing but append and sync? The floor of the store's benchmark: what has
// gathered is written with one writev, then one fdatasync, then everybody it covers is told.
import fs from 'node:fs';

/** An append-only file with group commit and nothing else. */
export class PlainLog {
  private readonly handle: number;
  private pending: { readonly bytes: Uint8Array; readonly done: () => void }[] = [];
  private isBusy = false;

  constructor(path: string) {
    this.handle = fs.openSync(path, 'w');
  }

  append(bytes: Uint8Array, done: () => void): void {
    this.pending.push({ bytes, done });
    if (!this.isBusy) this.write();
  }

  close(): void {
    fs.closeSync(this.handle);
  }

  private write(): void {
    const group = this.pending;
    this.pending = [];
    this.isBusy = true;
    const bytes = group.map((each) => each.bytes);
    fs.writev(this.handle, bytes, (error) => {
      if (error !== null) throw error;
      fs.fdatasync(this.handle, (failure) => {
        if (failure !== null) throw failure;
        this.isBusy = false;
        for (const { done } of group) done();
        if (this.pending.length > 0 && !this.isBusy) this.write();
      });
    });
  }
}
