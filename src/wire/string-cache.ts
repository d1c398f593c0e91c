// Short strings of the wire by their bytes: tags and names come again and again and need not be made anew.

const ENTRIES = 1024;

export class StringCache {
  private readonly entries: string[] = new Array(ENTRIES).fill('');

  /** The string of `length` one-byte characters at `at`. */
  get(bytes: Uint8Array, at: number, length: number): string {
    let hash = length;
    for (let index = at; index < at + length; index++) hash = (Math.imul(hash, 31) + bytes[index]) | 0;
    const slot = (hash ^ (hash >>> 10)) & (ENTRIES - 1);
    const cached = this.entries[slot];
    if (cached.length === length && isSame(cached, bytes, at)) return cached;
    const made = make(bytes, at, length);
    this.entries[slot] = made;
    return made;
  }
}

function isSame(text: string, bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) !== bytes[at + index]) return false;
  return true;
}

function make(bytes: Uint8Array, at: number, length: number): string {
  let text = '';
  for (let index = at; index < at + length; index++) text += String.fromCharCode(bytes[index]);
  return text;
}
