// Key lists of plain objects, sent once per link: the writer finds an object's shape by walking a tree of its keys.
// Both sides number shapes in the order of their first use and forget all of them at the same record (`reset`).
import { SHAPE_NODES_MAX } from './limits.ts';

/** One key on the way from the root; `id` is the shape that ends here, -1 when none does. */
export class ShapeNode {
  id = -1;
  private lastKey = '';
  private lastChild: ShapeNode | null = null;
  private children: Map<string, ShapeNode> | null = null;

  /** The node behind `key`; null when the tree is full and has no such node. */
  child(key: string, shapes: Shapes): ShapeNode | null {
    if (this.lastChild !== null && this.lastKey === key) return this.lastChild;
    return this.find(key, shapes);
  }

  private find(key: string, shapes: Shapes): ShapeNode | null {
    let child = this.children?.get(key);
    if (child === undefined) {
      if (shapes.isFull) return null;
      child = new ShapeNode();
      shapes.nodes++;
      this.children ??= new Map();
      this.children.set(key, child);
    }
    this.lastKey = key;
    this.lastChild = child;
    return child;
  }
}

/** The writing side's shapes. */
export class Shapes {
  root = new ShapeNode();
  nodes = 0;
  private defined: ShapeNode[] = [];

  get isFull(): boolean {
    return this.nodes >= SHAPE_NODES_MAX;
  }

  get count(): number {
    return this.defined.length;
  }

  define(node: ShapeNode): void {
    node.id = this.defined.length;
    this.defined.push(node);
  }

  /** Takes back what was defined after there were `count` shapes: the record that said so was given up. */
  rollBack(count: number): void {
    while (this.defined.length > count) (this.defined.pop() as ShapeNode).id = -1;
  }

  reset(): void {
    this.root = new ShapeNode();
    this.nodes = 0;
    this.defined = [];
  }
}
