// Access: who may log in, open a vhost, and do what in it. Pure rules over records.
export * from './password-hashes.ts';
export * from './records.ts';
export * from './users.ts';
