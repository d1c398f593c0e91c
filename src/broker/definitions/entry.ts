// One entry of a definitions file, read field by field; what is wrong is told with the entry's place and name.
import { DefinitionsError } from './definitions.ts';

type Json = Readonly<Record<string, unknown>>;

export class Entry {
  readonly where: string;
  private readonly json: Json;

  /** Throws {@link DefinitionsError} for what is no object. */
  constructor(section: string, index: number, json: unknown) {
    const at = `${section}[${index}]`;
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw new DefinitionsError(`${at}: an object is wanted`);
    }
    this.json = json as Json;
    const { name } = this.json;
    this.where = typeof name === 'string' ? `${at} '${name}'` : at;
  }

  wrong(why: string): DefinitionsError {
    return new DefinitionsError(`${this.where}: ${why}`);
  }

  value(key: string): unknown {
    return this.json[key];
  }

  text(key: string, otherwise?: string): string {
    const value = this.json[key] ?? otherwise;
    if (typeof value !== 'string') throw this.wrong(`${key} must be a text`);
    return value;
  }

  flag(key: string): boolean {
    const value = this.json[key] ?? false;
    if (typeof value !== 'boolean') throw this.wrong(`${key} must be true or false`);
    return value;
  }

  /** An object; RabbitMQ writes some as lists of pairs, and an empty one as an empty list. */
  object(key: string): Json {
    const value = this.json[key] ?? {};
    if (Array.isArray(value) && value.every((pair) => Array.isArray(pair) && typeof pair[0] === 'string')) {
      return Object.fromEntries(value as [string, unknown][]);
    }
    if (typeof value !== 'object' || Array.isArray(value)) throw this.wrong(`${key} must be an object`);
    return value as Json;
  }

  /** A list of words, or one text with commas between them. */
  words(key: string): readonly string[] {
    const value = this.json[key] ?? [];
    const words = typeof value === 'string' ? value.split(',').map((word) => word.trim()) : value;
    if (!Array.isArray(words) || !words.every((word) => typeof word === 'string')) {
      throw this.wrong(`${key} must be a list of texts`);
    }
    return words.filter((word) => word !== '');
  }

  /** A limit inside an object; null for none, which RabbitMQ also writes as a negative number. */
  limit(object: Json, key: string): number | null {
    const value = object[key] ?? -1;
    if (!Number.isSafeInteger(value)) throw this.wrong(`${key} must be a whole number`);
    return (value as number) < 0 ? null : (value as number);
  }
}
