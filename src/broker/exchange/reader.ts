// What routing may ask of a Message beside its keys. Read lazily: most exchanges never look.
import type { FieldTable } from '../field-table.ts';
import { headersOf, type Message, type PropertiesFormats } from '../message.ts';

export class MessageReader {
  private readonly message: Message;
  private readonly formats: PropertiesFormats;
  private known: { readonly headers: FieldTable | null } | null = null;

  constructor(message: Message, formats: PropertiesFormats) {
    this.message = message;
    this.formats = formats;
  }

  /** Null when there are none. */
  headers(): FieldTable | null {
    this.known ??= { headers: headersOf(this.message, this.formats) };
    return this.known.headers;
  }

  /** A property as text, null when it is absent: message_id, correlation_id, timestamp. */
  property(name: string): string | null {
    const { message } = this;
    return this.formats.get(message.format)?.property(message, name) ?? null;
  }
}
