// Clients under traffic for crash tests: each has one connection with a publishing channel (confirms, a bounded window)
// and a consuming channel (manual acks in order, some held back), and writes down everything it sees for the checker.
import { type ChannelModel, type ConfirmChannel, type ConsumeMessage, connect } from 'amqplib';
import { checkHistory, type Explained, NOTHING_EXPLAINED, type Observation, type Report } from './queue-checker.ts';

/** Unconfirmed publishes of one client. */
const WINDOW = 24;
/** The pace of one client: so many publishes at a time, every so often. Unpaced, the queues of work hide the faults. */
const BURST = 4;
const PAUSE_MS = 4;
const PREFETCH = 24;
/** Deliveries a consumer keeps before it acknowledges the oldest, so that there is always something to return. */
const HELD = 8;
const WAIT_MS = 20_000;
/** Nothing more comes when nothing has come for so long. */
const STALLED_MS = 3_000;

/** Why a client's connection ended; code 0 for a connection that was simply lost. */
export interface ClientEnd {
  readonly client: string;
  readonly code: number;
  readonly text: string;
}

/** All clients of a test, and what they saw. */
export class Traffic {
  readonly history: Observation[] = [];
  readonly ends: ClientEnd[] = [];
  readonly channelErrors: string[] = [];
  isPublishing = true;
  isHolding = true;
  private readonly wakes = new Set<() => void>();
  private delivered = 0;

  see(observation: Observation): void {
    this.history.push(observation);
    if (observation.op === 'deliver') this.delivered++;
    this.changed();
  }

  changed(): void {
    for (const wake of this.wakes) wake();
  }

  /** Waits until something that clients see makes `isTrue` true. Rejects with `what` after a while. */
  async until(isTrue: () => boolean, what: string, timeoutMs = WAIT_MS): Promise<void> {
    const untilMs = performance.now() + timeoutMs;
    while (!isTrue()) {
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) throw new Error(`${what}: not within ${timeoutMs} ms; ${JSON.stringify(this.ends)}`);
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          this.wakes.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, Math.min(leftMs, 250));
        this.wakes.add(wake);
      });
    }
  }

  /** Waits until consumers have had so many more deliveries. */
  progress(deliveries: number): Promise<void> {
    const goal = this.delivered + deliveries;
    return this.until(() => this.delivered >= goal, `${deliveries} more deliveries`);
  }

  /** Ends the publishing, lets consumers take everything, and checks what was seen. */
  async finish(clients: readonly TrafficClient[], explained: Partial<Explained> = {}): Promise<Report> {
    const all: Explained = { ...NOTHING_EXPLAINED, ...explained };
    this.isPublishing = false;
    const isAnswered = () => clients.every((client) => client.isOver || client.unanswered === 0);
    await this.until(isAnswered, 'every publish answered').catch(() => {});
    this.isHolding = false;
    for (const client of clients) client.letGo();
    // What is still on its way comes in its own time; the checker says in the end what is missing.
    for (let sinceMs = performance.now(); performance.now() - sinceMs < STALLED_MS; ) {
      const seen = this.history.length;
      const left = await Promise.all(clients.map((client) => client.ready()));
      if (this.history.length > seen) sinceMs = performance.now();
      else if (left.every((count) => count === 0) && checkHistory(this.history, all).violations.length === 0) break;
      else await this.until(() => this.history.length > seen, 'settling', 100).catch(() => {});
    }
    return checkHistory(this.history, all);
  }
}

/** What a client does. */
export interface ClientPlan {
  readonly name: string;
  readonly consumes: readonly string[];
  readonly publishesTo: readonly string[];
}

export class TrafficClient {
  readonly name: string;
  /** Publishes without an answer. */
  unanswered = 0;
  isOver = false;
  private readonly traffic: Traffic;
  private readonly plan: ClientPlan;
  private readonly connection: ChannelModel;
  private readonly held: { readonly message: ConsumeMessage; readonly publisher: string; readonly seq: number }[] = [];
  private consuming: ConfirmChannel | null = null;
  private publishing: ConfirmChannel | null = null;
  private lastSeq = 0;
  private isFilling = false;

  private constructor(traffic: Traffic, plan: ClientPlan, connection: ChannelModel) {
    this.traffic = traffic;
    this.plan = plan;
    this.name = plan.name;
    this.connection = connection;
    connection.on('error', () => {});
    connection.on('close', (error?: Error & { code?: number }) => this.ended(error));
  }

  /** The queues it consumes from. */
  get consumes(): readonly string[] {
    return this.plan.consumes;
  }

  /** Connects; nothing moves before `start`. */
  static async connect(url: string, traffic: Traffic, plan: ClientPlan): Promise<TrafficClient> {
    return new TrafficClient(traffic, plan, await connect(url));
  }

  /** Consumes and publishes from now on. */
  async start(): Promise<this> {
    this.consuming = await this.openChannel();
    this.publishing = await this.openChannel();
    await this.consuming.prefetch(PREFETCH);
    for (const queue of this.plan.consumes) {
      await this.consuming.consume(queue, (message) => this.received(queue, message));
    }
    this.fillSoon();
    return this;
  }

  /** A channel with confirms on this client's connection. */
  async openChannel(): Promise<ConfirmChannel> {
    const channel = await this.connection.createConfirmChannel();
    channel.on('error', (error: Error) => this.traffic.channelErrors.push(`${this.name}: ${error.message}`));
    return channel;
  }

  private ended(error: (Error & { code?: number }) | undefined): void {
    this.isOver = true;
    const text = error?.message ?? '';
    this.traffic.ends.push({ client: this.name, code: error?.code ?? 0, text });
    this.traffic.changed();
  }

  // ---- publishing

  private fillSoon(): void {
    if (this.isFilling) return;
    this.isFilling = true;
    setTimeout(() => {
      this.isFilling = false;
      this.fill();
    }, PAUSE_MS);
  }

  private fill(): void {
    const { publishesTo } = this.plan;
    if (this.isOver || !this.traffic.isPublishing || publishesTo.length === 0) return;
    for (let burst = 0; burst < BURST && this.unanswered < WINDOW; burst++) {
      const seq = ++this.lastSeq;
      const queue = publishesTo[seq % publishesTo.length];
      this.traffic.see({ op: 'publish', publisher: this.name, seq, queue });
      this.unanswered++;
      this.publishing?.sendToQueue(queue, Buffer.from(`${this.name}#${seq}`), {}, (error) => this.answered(seq, error));
    }
    if (this.unanswered < WINDOW) this.fillSoon();
  }

  private answered(seq: number, error: Error | null): void {
    this.unanswered--;
    // amqplib calls back for a lost connection as well; that is no answer of the server.
    const isAnswer = error === null || error.message === 'message nacked';
    if (isAnswer) this.traffic.see({ op: 'confirm', publisher: this.name, seq, isAck: error === null });
    this.fillSoon();
  }

  // ---- consuming

  private received(queue: string, message: ConsumeMessage | null): void {
    if (message === null) {
      this.traffic.channelErrors.push(`${this.name}: the consumer of ${queue} was cancelled`);
      return;
    }
    const [publisher, number] = message.content.toString().split('#');
    const seq = Number(number);
    const { redelivered } = message.fields;
    this.traffic.see({ op: 'deliver', consumer: this.name, queue, publisher, seq, redelivered });
    this.held.push({ message, publisher, seq });
    this.letGo();
  }

  /** Acknowledges the oldest deliveries, in order, down to what is to be held. */
  letGo(): void {
    while (!this.isOver && this.held.length > (this.traffic.isHolding ? HELD : 0)) {
      const { message, publisher, seq } = this.held.shift() as (typeof this.held)[number];
      this.consuming?.ack(message);
      this.traffic.see({ op: 'acknowledge', consumer: this.name, publisher, seq });
    }
  }

  /**
   * Messages ready in the queues it consumes from. The answer comes behind everything that was on its way to this
   * consumer, and is asked behind its acknowledgements.
   */
  async ready(): Promise<number> {
    let count = 0;
    for (const queue of this.isOver ? [] : this.plan.consumes) {
      count += (await this.consuming?.checkQueue(queue))?.messageCount ?? 0;
    }
    return count;
  }

  async close(): Promise<void> {
    if (this.isOver) return;
    await this.connection.close();
  }
}
