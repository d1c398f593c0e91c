// Topic matching (digest 5 "topic", B26). Binding patterns are a trie of words; a key is walked word by word with the set
// of nodes it may be at, each at most once a word, so that a publish costs at most words x nodes reached however many `#`
// stand in a row, and patterns that cannot match cost nothing.
//
//   `*` is exactly one word, an empty one between dots included; `#` is zero or more; the empty key has no word.
import type { FieldTable } from '../field-table.ts';
import { type Destination, DestinationSet } from './destinations.ts';
import type { MessageReader } from './reader.ts';

interface TrieNode {
  readonly words: Map<string, TrieNode>;
  star: TrieNode | null;
  hash: TrieNode | null;
  /** Reached over `#`: it stays where it is whatever word comes. */
  readonly isHash: boolean;
  /** It is reached over a `#`, or behind one: at any word of a key, not at one only. */
  readonly isFloating: boolean;
  readonly destinations: DestinationSet;
  /** Last step in which the node was reached; keeps it from being reached twice in one. */
  step: number;
}

function trieNode(isHash: boolean, isFloating: boolean): TrieNode {
  return { words: new Map(), star: null, hash: null, isHash, isFloating, destinations: new DestinationSet(), step: 0 };
}

/** The words of a key or pattern. The empty one has none. */
export function wordsOf(key: string): readonly string[] {
  return key === '' ? [] : key.split('.');
}

/** How many places of a pattern are a `#` or behind one: each may be looked at for every word of a key. */
export function floatingPlaces(pattern: string): number {
  const words = wordsOf(pattern);
  const first = words.indexOf('#');
  return first < 0 ? 0 : words.length - first;
}

/** The bindings of a topic exchange. */
export class TopicTrie {
  /** Nodes that are a `#` or behind one. A publish costs at most its words times this, and the other nodes once. */
  floating = 0;
  private readonly root = trieNode(false, false);
  private step = 0;

  add(routingKey: string, _args: FieldTable, destination: Destination): void {
    let node = this.root;
    for (const word of wordsOf(routingKey)) node = childOf(node, word) ?? this.grow(node, word);
    node.destinations.add(destination);
  }

  remove(routingKey: string, _args: FieldTable, destination: Destination): void {
    const words = wordsOf(routingKey);
    const path = [this.root];
    for (const word of words) {
      const next = childOf(path[path.length - 1], word);
      if (next === null) return;
      path.push(next);
    }
    path[words.length].destinations.remove(destination);
    // Branches without bindings would stay for ever under churn of keys.
    for (let depth = words.length; depth > 0 && isBare(path[depth]); depth--) {
      if (path[depth].isFloating) this.floating--;
      prune(path[depth - 1], words[depth - 1]);
    }
  }

  private grow(node: TrieNode, word: string): TrieNode {
    const isHash = word === '#';
    const child = trieNode(isHash, isHash || node.isFloating);
    if (child.isFloating) this.floating++;
    if (isHash) node.hash = child;
    else if (word === '*') node.star = child;
    else node.words.set(word, child);
    return child;
  }

  match(routingKey: string, _read: MessageReader, found: Set<Destination>): void {
    let reached: TrieNode[] = [];
    this.step++;
    this.reach(this.root, reached);
    for (const word of wordsOf(routingKey)) {
      const from = reached;
      reached = [];
      this.step++;
      for (const node of from) {
        const exact = node.words.get(word);
        if (exact !== undefined) this.reach(exact, reached);
        if (node.star !== null) this.reach(node.star, reached);
        if (node.isHash) this.reach(node, reached);
      }
      if (reached.length === 0) return;
    }
    for (const node of reached) node.destinations.addTo(found);
  }

  /** Enters a node, and all those that follow over `#` without a word. */
  private reach(from: TrieNode, reached: TrieNode[]): void {
    for (let node: TrieNode | null = from; node !== null && node.step !== this.step; node = node.hash) {
      node.step = this.step;
      reached.push(node);
    }
  }
}

function childOf(node: TrieNode, word: string): TrieNode | null {
  if (word === '*') return node.star;
  if (word === '#') return node.hash;
  return node.words.get(word) ?? null;
}

function isBare(node: TrieNode): boolean {
  return node.destinations.isEmpty && node.words.size === 0 && node.star === null && node.hash === null;
}

function prune(parent: TrieNode, word: string): void {
  if (word === '*') parent.star = null;
  else if (word === '#') parent.hash = null;
  else parent.words.delete(word);
}
