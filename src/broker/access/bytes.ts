// Small tools for secrets as bytes.

/** Whether both are the same, in a time that only their lengths decide. */
export function equalBytes(one: Uint8Array, other: Uint8Array): boolean {
  let difference = one.length ^ other.length;
  for (let index = 0; index < one.length; index++) difference |= one[index] ^ (other[index] ?? 0);
  return difference === 0;
}
