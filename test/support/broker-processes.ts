// The processes of a broker in this process, found from the top of its supervision tree down, so that a test can kill
// any of them by name and thread.
import { call, type SupervisorPid, whichChildren } from '../../src/behaviours/index.ts';
import { METADATA_NAME, type MetadataPid } from '../../src/broker/index.ts';
import type { Broker } from '../../src/broker.ts';
import type { Context, Effects } from '../../src/process/index.ts';
import type { AnyPid } from '../../src/term/index.ts';

/** One process and what it supervises. */
export interface TreeNode {
  readonly id: string;
  readonly pid: AnyPid;
  readonly children: readonly TreeNode[];
}

/** The processes of one AMQP connection. */
export interface ConnectionProcesses {
  /** The supervisor of the connection; the connection is known by it. */
  readonly tree: AnyPid;
  readonly connection: AnyPid;
  readonly channels: readonly AnyPid[];
}

/** The whole supervision tree as it is now. Supervisors that end while it is read have no children in it. */
export function processTree(broker: Broker): Promise<TreeNode> {
  return broker.system.run(() => treeOf(broker.tree));
}

/** The tree below a supervisor, read from inside. */
export function* treeOf(supervisor: SupervisorPid): Effects<TreeNode> {
  return { id: 'broker', pid: supervisor, children: yield* childrenOf(supervisor) };
}

function* childrenOf(supervisor: SupervisorPid): Effects<readonly TreeNode[]> {
  const nodes: TreeNode[] = [];
  for (const { id, pid, type } of yield* shown(supervisor)) {
    if (pid === null || pid === 'restarting') continue;
    nodes.push({ id, pid, children: type === 'supervisor' ? yield* childrenOf(pid as SupervisorPid) : [] });
  }
  return nodes;
}

function* shown(supervisor: SupervisorPid): ReturnType<typeof whichChildren> {
  try {
    return yield* whichChildren(supervisor);
  } catch {
    // It has ended since its own supervisor named it.
    return [];
  }
}

/** All nodes of the tree, parents first. */
export function* allNodes(node: TreeNode): Generator<TreeNode> {
  yield node;
  for (const child of node.children) yield* allNodes(child);
}

/** The connections of all threads. */
export async function connectionProcesses(broker: Broker): Promise<readonly ConnectionProcesses[]> {
  return connectionsIn(await processTree(broker));
}

/** The connections in a tree. */
export function connectionsIn(tree: TreeNode): readonly ConnectionProcesses[] {
  const found: ConnectionProcesses[] = [];
  for (const { pid, children } of allNodes(tree)) {
    const connection = children.find(({ id }) => id === 'connection');
    const channels = children.find(({ id }) => id === 'channels');
    if (connection === undefined || channels === undefined) continue;
    found.push({ tree: pid, connection: connection.pid, channels: channels.children.map((channel) => channel.pid) });
  }
  return found;
}

/** Where a queue's actor is. */
export interface QueueProcess {
  readonly name: string;
  readonly pid: AnyPid;
  /** Counts the actors the queue has had. */
  readonly epoch: number;
}

/** All queues, as the metadata knows them. */
export function queueProcesses(broker: Broker): Promise<readonly QueueProcess[]> {
  return broker.system.run(function* readQueues(context: Context<unknown>): Effects<readonly QueueProcess[]> {
    const metadata = context.whereis(METADATA_NAME) as MetadataPid;
    // A replica for as long as this takes.
    const { events } = yield* call(metadata, { tag: 'subscribe', replica: context.self });
    const names = new Map<number, string>();
    const found: QueueProcess[] = [];
    for (const event of events) {
      if (event.tag === 'queueDeclared') names.set(event.record.id, event.record.name);
      if (event.tag !== 'queuePlaced') continue;
      const { pid, epoch } = event.place;
      found.push({ name: names.get(event.id) ?? '', pid, epoch });
    }
    return found;
  });
}
