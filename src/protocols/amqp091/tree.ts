// The supervision tree of AMQP connections on one thread (DESIGN decision 11).
//
//   listenerTree (restForOne)
//     connections (dynamic)
//       connectionTree (oneForAll, intensity 0, anySignificant)     one per connection, never restarted
//         channels (dynamic)                                         channel, channel, ...: temporary
//         connection                                                 significant
//     listener
//
// A crashed channel ends alone; its connection hears of it, closes with 541 and ends, and takes its tree with it.
import {
  type ChildSpec,
  dynamicSupervisor,
  genServer,
  ignore,
  type SupervisorPid,
  type SupervisorSpec,
  startChild,
  supervisor,
  whichChildren,
} from '../../behaviours/index.ts';
import { registerFormat } from '../../broker/index.ts';
import type { Context, Effects } from '../../process/index.ts';
import type { AnyPid, Mfa, Pid } from '../../term/index.ts';
import type { ChannelArgs } from './channel.ts';
import type { ToChannel } from './envelope.ts';
import { amqp091Format } from './format.ts';
import type { ListenerOptions } from './listener.ts';
import { FORMAT } from './publish-checks.ts';
import type { AmqpSettings } from './settings.ts';

const code = (name: string, file: string): Mfa => ({ module: new URL(file, import.meta.url).href, export: name });
const own = (name: string): Mfa => code(name, import.meta.url);

/** The extension of this very file: `.ts` from the sources, `.js` when built. */
const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const CONNECTION = code('connection', `./connection.${EXTENSION}`);
const CHANNEL = code('channel', `./channel.${EXTENSION}`);
const LISTENER = code('listener', `./listener.${EXTENSION}`);

/** How long a connection may take to say goodbye when the broker stops. */
const CONNECTION_SHUTDOWN_MS = 3_000;
const CHANNEL_SHUTDOWN_MS = 1_000;

/** All connections of a thread, each with its tree. */
export const connections = dynamicSupervisor();
/** All channels of one connection. */
export const channels = dynamicSupervisor();

/** Makes the property format known on its thread: queues live there too, and route and dead-letter by headers. */
export const format = genServer({
  label: 'format of AMQP 0-9-1',
  init: (context) => {
    registerFormat(context, FORMAT, amqp091Format);
    return ignore();
  },
});

/** The child of a thread that knows Messages of AMQP 0-9-1. */
export function formatChild(): ChildSpec {
  return { id: 'format', start: { body: own('format') } };
}

/** Connections and the listeners that accept them; none on a thread that owns no sockets. */
export const listenerTree = supervisor((_context, options: Listeners) => {
  const listeners = Array.isArray(options)
    ? (options as readonly ListenerOptions[])
    : [options as ListenerOptions | null];
  return listenerSpec(listeners.filter((one) => one !== null));
});

/** One listener, several, or null for none. */
export type Listeners = ListenerOptions | readonly ListenerOptions[] | null;

const listenerSpec = (listeners: readonly ListenerOptions[]): SupervisorSpec =>
  listeners.length === 0
    ? { children: [] }
    : {
        strategy: 'restForOne',
        children: [
          { id: 'connections', start: { body: own('connections') }, type: 'supervisor' },
          ...listeners.map((options, index) => ({
            id: index === 0 ? 'listener' : `listener ${options.tcpPort}`,
            start: { body: LISTENER, args: [options] },
          })),
        ],
      };

/** The child spec of a thread's listener tree; null for a thread without sockets. */
export function listenerChild(options: Listeners): ChildSpec {
  return { id: 'amqp091', start: { body: own('listenerTree'), args: [options] }, type: 'supervisor' };
}

/** One connection with its channels. */
export const connectionTree = supervisor((_context, socketKey: number, settings: AmqpSettings) => ({
  strategy: 'oneForAll',
  intensity: 0,
  autoShutdown: 'anySignificant',
  children: [
    { id: 'channels', start: { body: own('channels') }, type: 'supervisor' },
    {
      id: 'connection',
      start: { body: CONNECTION, args: [socketKey, settings], handshake: false },
      restart: 'temporary',
      significant: true,
      shutdown: CONNECTION_SHUTDOWN_MS,
    },
  ],
}));

/** Starts the tree of a connection whose socket waits under `socketKey`; false when it did not start. */
export function* startConnection(
  supervisorPid: SupervisorPid,
  socketKey: number,
  settings: AmqpSettings,
): Effects<boolean> {
  const spec: ChildSpec = {
    start: { body: own('connectionTree'), args: [socketKey, settings] },
    restart: 'temporary',
    type: 'supervisor',
  };
  return (yield* startChild(supervisorPid, spec)).ok;
}

/** The sibling of the calling process with that id. */
export function* sibling(context: Pick<Context, 'parent'>, id: string): Effects<SupervisorPid> {
  const children = yield* whichChildren(context.parent as AnyPid as SupervisorPid);
  const found = children.find((child) => child.id === id)?.pid;
  if (found === undefined || found === null || found === 'restarting') throw new Error(`there is no ${id} here`);
  return found as AnyPid as SupervisorPid;
}

/** Starts a channel under the connection's channel supervisor. */
export function* startChannel(supervisorPid: SupervisorPid, args: ChannelArgs): Effects<Pid<ToChannel>> {
  const start = { body: CHANNEL, args: [args], handshake: false };
  const started = yield* startChild(supervisorPid, { start, restart: 'temporary', shutdown: CHANNEL_SHUTDOWN_MS });
  if (!started.ok) throw new Error(`a channel did not start: ${JSON.stringify(started.error)}`);
  return started.pid as Pid<ToChannel>;
}
