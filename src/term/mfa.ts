// Mfa: code named by data, the only form in which code crosses threads (DESIGN decision 10, EXI-1).

/** Names an exported process body (a function or a behaviour definition) by the URL of its module. */
export interface Mfa {
  /** Absolute URL of the module, usually `import.meta.url`. */
  readonly module: string;
  /** Name of the export. */
  readonly export: string;
}

/** True for a value of the shape of an {@link Mfa}. */
export function isMfa(value: unknown): value is Mfa {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Mfa).module === 'string' &&
    typeof (value as Mfa).export === 'string'
  );
}
