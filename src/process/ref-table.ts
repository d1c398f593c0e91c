// A table keyed by refs, in the order of adding. Few entries, the case of nearly every process, lie in a short row: a call
// adds one and takes it out again, and a Map that lives so is made anew every few calls. Many go into a Map.
import type { Ref } from '../term/index.ts';

/** Longer rows are searched more slowly than a Map. */
const ROW_MAX = 8;

export class RefTable<V> {
  private readonly refs: Ref[] = [];
  private readonly row: V[] = [];
  private map: Map<Ref, V> | null = null;

  get size(): number {
    return this.map === null ? this.refs.length : this.map.size;
  }

  get(ref: Ref): V | undefined {
    if (this.map !== null) return this.map.get(ref);
    const { refs } = this;
    // The newest first: a call ends before what was there when it began.
    for (let index = refs.length - 1; index >= 0; index--) if (refs[index] === ref) return this.row[index];
    return undefined;
  }

  /** Adds an entry, or gives the one of `ref` another value. */
  set(ref: Ref, value: V): void {
    const { refs, row } = this;
    if (this.map !== null) {
      this.map.set(ref, value);
      return;
    }
    for (let index = refs.length - 1; index >= 0; index--) {
      if (refs[index] !== ref) continue;
      row[index] = value;
      return;
    }
    if (refs.length === ROW_MAX) {
      this.map = new Map(this.entries()).set(ref, value);
      refs.length = row.length = 0;
      return;
    }
    refs.push(ref);
    row.push(value);
  }

  /** True when there was an entry. */
  delete(ref: Ref): boolean {
    const { refs, row, map } = this;
    if (map !== null) {
      const existed = map.delete(ref);
      if (map.size === 0) this.map = null;
      return existed;
    }
    for (let index = refs.length - 1; index >= 0; index--) {
      if (refs[index] !== ref) continue;
      for (let next = index + 1; next < refs.length; next++) {
        refs[next - 1] = refs[next];
        row[next - 1] = row[next];
      }
      refs.pop();
      row.pop();
      return true;
    }
    return false;
  }

  /** The entries of this moment, oldest first. */
  entries(): [Ref, V][] {
    return this.map === null ? this.refs.map((ref, index) => [ref, this.row[index]]) : [...this.map];
  }
}
