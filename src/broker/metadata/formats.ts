// The property formats that a thread knows. A protocol registers its reader and rewriter on every data thread, so that
// queues there can route by headers and dead-letter without knowing the protocol (DESIGN decision 13).
import type { Context } from '../../process/index.ts';
import type { PropertiesFormat, PropertiesFormats } from '../message.ts';

const LOCAL = 'broker.formats';

/** Makes a format known on the thread of the calling process. */
export function registerFormat(context: Pick<Context, 'kernel'>, tag: string, format: PropertiesFormat): void {
  (formatsOn(context) as Map<string, PropertiesFormat>).set(tag, format);
}

/** The formats of the thread of the calling process; a live view. */
export function formatsOn({ kernel }: Pick<Context, 'kernel'>): PropertiesFormats {
  const known = kernel.locals.get(LOCAL) as PropertiesFormats | undefined;
  if (known !== undefined) return known;
  const formats: PropertiesFormats = new Map();
  kernel.locals.set(LOCAL, formats);
  return formats;
}
