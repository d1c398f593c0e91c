// The opening of a connection up to open-ok, as a pure state machine (digest 1). Breaches end in a silent hang-up or in
// connection.close, exactly as RabbitMQ does.
import { type Method, type MethodOf, methodIds } from './codec/index.ts';
import type { CloseCause } from './envelope.ts';
import { CHANNEL_MAX, FRAME_MAX, FRAME_MIN, HEARTBEAT_S } from './limits.ts';
import { type Credentials, credentialsOf, EXTERNAL, MECHANISMS } from './login.ts';
import { serverProperties } from './server-properties.ts';

/** What the client says it can take. */
export interface ClientCapabilities {
  readonly name: string | null;
  readonly consumerCancelNotify: boolean;
  readonly authenticationFailureClose: boolean;
  readonly connectionBlocked: boolean;
}

/** What both sides agreed on. */
export interface Tuning {
  readonly channelMax: number;
  readonly frameMax: number;
  readonly heartbeatS: number;
}

/** What the connection has to do next. */
export type HandshakeStep =
  | { readonly do: 'send'; readonly method: Method }
  /** Check the login, then call `loggedIn` or `refused`. */
  | { readonly do: 'login'; readonly credentials: Credentials }
  /** The same by the name in the peer's certificate. */
  | { readonly do: 'loginByCertificate' }
  | { readonly do: 'tuned'; readonly tuning: Tuning }
  /** Check the vhost, then answer open-ok. */
  | { readonly do: 'open'; readonly vhost: string }
  | { readonly do: 'close'; readonly cause: CloseCause }
  | { readonly do: 'hangUp' };

export interface HandshakeOptions {
  readonly offersExternal?: boolean;
  /** The shortest heartbeat that is agreed to; none at all always is. Default 0. */
  readonly heartbeatMinS?: number;
}

const HANG_UP: HandshakeStep = { do: 'hangUp' };

export class Handshake {
  capabilities: ClientCapabilities = {
    name: null,
    consumerCancelNotify: false,
    authenticationFailureClose: false,
    connectionBlocked: false,
  };
  private expects: 'start-ok' | 'login' | 'tune-ok' | 'open' | 'opening' = 'start-ok';
  private mechanism = '';
  private readonly offersExternal: boolean;
  private readonly heartbeatMinS: number;

  constructor({ offersExternal = false, heartbeatMinS = 0 }: HandshakeOptions = {}) {
    this.heartbeatMinS = heartbeatMinS;
    this.offersExternal = offersExternal;
  }

  /** connection.start, the answer to a protocol header. */
  start(clusterName: string): Method {
    return {
      name: 'connection.start',
      versionMajor: 0,
      versionMinor: 9,
      serverProperties: serverProperties(clusterName),
      mechanisms: this.offersExternal ? `${MECHANISMS} ${EXTERNAL}` : MECHANISMS,
      locales: 'en_US',
    };
  }

  /** The step that a method of the client asks for. */
  take(method: Method): HandshakeStep {
    if (method.name === 'connection.start-ok' && this.expects === 'start-ok') return this.startOk(method);
    if (method.name === 'connection.tune-ok' && this.expects === 'tune-ok') return this.tuneOk(method);
    if (method.name === 'connection.open' && this.expects === 'open') {
      this.expects = 'opening';
      return { do: 'open', vhost: method.virtualHost };
    }
    return HANG_UP;
  }

  /** The login was good. */
  loggedIn(): HandshakeStep {
    this.expects = 'tune-ok';
    return {
      do: 'send',
      method: { name: 'connection.tune', channelMax: CHANNEL_MAX, frameMax: FRAME_MAX, heartbeat: HEARTBEAT_S },
    };
  }

  /** The login was refused: a close for clients that asked for it, else silence (digest 1.4). */
  refused(): HandshakeStep {
    if (!this.capabilities.authenticationFailureClose) return HANG_UP;
    const text = `Login was refused using authentication mechanism ${this.mechanism}. For details see the broker logfile.`;
    return { do: 'close', cause: { code: 403, text, classId: 0, methodId: 0 } };
  }

  private startOk(method: MethodOf<'connection.start-ok'>): HandshakeStep {
    const properties = method.clientProperties;
    const table = properties.get('capabilities');
    const can = (name: string) => table?.type === 'table' && table.value.get(name)?.value === true;
    const name = properties.get('connection_name')?.value;
    this.capabilities = {
      name: typeof name === 'string' ? name : null,
      consumerCancelNotify: can('consumer_cancel_notify'),
      authenticationFailureClose: can('authentication_failure_close'),
      connectionBlocked: can('connection.blocked'),
    };
    this.mechanism = method.mechanism;
    if (this.offersExternal && method.mechanism === EXTERNAL) {
      this.expects = 'login';
      return { do: 'loginByCertificate' };
    }
    const credentials = credentialsOf(method.mechanism, method.response);
    if (credentials === null) return HANG_UP;
    this.expects = 'login';
    return { do: 'login', credentials };
  }

  private tuneOk(method: MethodOf<'connection.tune-ok'>): HandshakeStep {
    // 0 means no limit, which is above any limit of the server (digest 1.5).
    if (method.channelMax === 0 || method.channelMax > CHANNEL_MAX) return HANG_UP;
    if (method.frameMax < FRAME_MIN || method.frameMax > FRAME_MAX) return HANG_UP;
    if (method.heartbeat > 0 && method.heartbeat < this.heartbeatMinS) {
      const text = `heartbeat of ${method.heartbeat} s is below the limit heartbeatMinS (${this.heartbeatMinS})`;
      return { do: 'close', cause: { code: 530, text, ...methodIds(method.name) } };
    }
    this.expects = 'open';
    return {
      do: 'tuned',
      tuning: { channelMax: method.channelMax, frameMax: method.frameMax, heartbeatS: method.heartbeat },
    };
  }
}
