// The first byte of every encoded term.
//
//   0x00 - 0x7f   the integers 0 to 127
//   0x80 - 0xbf   a string of 0 to 63 characters, one byte each
//   0xc0 ...      the tags below; `n` is an unsigned LEB128, `s` a string term, `t` a term
//
//   NULL UNDEFINED FALSE TRUE
//   INT32      4 bytes                      FLOAT64    8 bytes (NaN and -0 as they are)
//   BIGINT     s (hexadecimal)              UTF8       n bytes
//   UTF16      n units of 2 bytes           BYTES      n bytes
//   ARRAY      n, n * t                     SPARSE     n length, n items, items * (n index, t)
//   DICTIONARY n, n * (s, t)                BARE       the same, for an object without prototype
//   SHAPE_NEW  n, n * s, n * t              SHAPE      n id, as many t as the shape has keys
//   MAP        n, n * (t, t)                SET        n, n * t
//   PID REF    1 byte thread, n incarnation, number serial
//   FAR_PID FAR_REF   s node, then the same
//   SHARED     n id of the memory, number offset, number length
//
// Ids of shapes count from 0 in the order of SHAPE_NEW on that link.

export const STRING_BASE = 0x80;
export const NULL = 0xc0;
export const UNDEFINED = 0xc1;
export const FALSE = 0xc2;
export const TRUE = 0xc3;
export const INT32 = 0xc4;
export const FLOAT64 = 0xc5;
export const BIGINT = 0xc6;
export const UTF8 = 0xc7;
export const UTF16 = 0xc8;
export const BYTES = 0xc9;
export const ARRAY = 0xca;
export const SPARSE = 0xcb;
export const DICTIONARY = 0xcc;
export const BARE = 0xcd;
export const SHAPE_NEW = 0xce;
export const SHAPE = 0xcf;
export const MAP = 0xd0;
export const SET = 0xd1;
export const PID = 0xd2;
export const REF = 0xd3;
export const FAR_PID = 0xd4;
export const FAR_REF = 0xd5;
export const SHARED = 0xd6;
