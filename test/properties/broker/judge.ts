// What must be true of a whole run (reliability.md 2.b): B2 and B3 nothing is lost, doubled or invented, B4 the redelivered
// flag is right, B5 publishers' order, B6 what came back is in its place, B11 and B12 what a death may change.
import type { Given, Trace } from './trace.ts';

/** Throws at the first breach. */
export function judge(run: Trace, queues: readonly string[]): void {
  for (const queue of queues) {
    checkArrivals(run, queue);
    const given = run.given.filter((each) => each.queue === queue);
    checkFlags(run, queue, given);
    checkFirstDeliveries(run, queue, given);
    checkRest(run, queue, given);
  }
}

/** B2, B3, B5: a queue took what was published to it, each once, each publisher's in order. */
function checkArrivals(run: Trace, queue: string): void {
  const arrived = run.arrived.get(queue) ?? [];
  if (new Set(arrived).size < arrived.length) throw new Error(`B2 ${queue} took twice: ${arrived}`);
  const left = new Set(arrived);
  for (const [channel, queues] of run.published) {
    const published = queues.get(queue) ?? [];
    const own = arrived.filter((id) => published.includes(id));
    for (const id of own) left.delete(id);
    // A channel that was lost may not have seen its last commands; what it did see is in order.
    const expected = run.lostChannels.has(channel) ? published.slice(0, own.length) : published;
    if (own.join() !== expected.join()) throw new Error(`B5 ${queue} took ${own} of ${expected} from ${channel}`);
  }
  if (left.size > 0) throw new Error(`B3 ${queue} took what nobody published: ${[...left]}`);
}

/** B4: only the first giving of a copy is not flagged, and none is flagged that cannot have been given before. */
function checkFlags(run: Trace, queue: string, given: readonly Given[]): void {
  const fresh = new Set<string>();
  const requeued = new Set(run.settled.filter((each) => each.how === 'requeued').map(({ id }) => id));
  for (const { id, redelivered } of [...given, ...(run.drained.get(queue) ?? [])]) {
    if (!redelivered) {
      if (fresh.has(id)) throw new Error(`B4 ${id} came again from ${queue} and was not flagged`);
      fresh.add(id);
    } else if (!run.returning.has(queue) && !requeued.has(id)) throw new Error(`B4 ${id} came flagged from ${queue}`);
  }
  const seen = new Set(given.map(({ id }) => id));
  for (const { id, redelivered } of run.drained.get(queue) ?? []) {
    if (seen.has(id) && !redelivered) throw new Error(`B4 ${id} was left in ${queue} and not flagged`);
  }
}

/** B5: each consumer sees the new messages of the queue in its order. */
function checkFirstDeliveries(run: Trace, queue: string, given: readonly Given[]): void {
  const places = new Map((run.arrived.get(queue) ?? []).map((id, place) => [id, place]));
  const last = new Map<string, number>();
  for (const { id, redelivered, channel, consumer } of given) {
    const place = places.get(id);
    if (place === undefined) throw new Error(`B3 ${queue} gave ${id}, which it has not got`);
    if (redelivered) continue;
    const who = consumer ?? channel;
    if (place < (last.get(who) ?? -1)) throw new Error(`B5 ${queue} gave ${id} to ${who} too late`);
    last.set(who, place);
  }
}

/** B2, B6, B11, B12: at the end everything is there that nobody has had for good, in the order of arrival. */
function checkRest(run: Trace, queue: string, given: readonly Given[]): void {
  const arrived = run.arrived.get(queue) ?? [];
  const drained = (run.drained.get(queue) ?? []).map(({ id }) => id);
  const expected = arrived.filter((id) => drained.includes(id));
  if (drained.join() !== expected.join()) throw new Error(`B6 ${queue} is left with ${drained}, not ${expected}`);
  const { gone, unsure } = fates(run, queue, given);
  for (const id of arrived) {
    const isLeft = drained.includes(id);
    if (isLeft && gone.has(id)) throw new Error(`B2 ${id} was had for good and is still in ${queue}`);
    if (!isLeft && !gone.has(id) && !unsure.has(id)) throw new Error(`B2 ${id} is lost from ${queue}`);
  }
}

/** Which copies must be gone, and which may be. */
function fates(run: Trace, queue: string, given: readonly Given[]) {
  const gone = new Set<string>();
  const unsure = new Set<string>();
  for (const { id, noAck } of given) if (noAck) gone.add(id);
  for (const { queue: of, id, channel, how } of run.settled) {
    if (of !== queue || how === 'requeued') continue;
    // A settlement on its way to an actor that died, or through one, may not have counted.
    if (run.kills(queue) > 0 || run.lostChannels.has(channel)) unsure.add(id);
    else gone.add(id);
  }
  const isLossy = [...run.lossy].some((lossy) => lossy.endsWith(` ${queue}`));
  if (isLossy) for (const id of run.arrived.get(queue) ?? []) unsure.add(id);
  return { gone, unsure };
}
