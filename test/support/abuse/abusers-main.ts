// The process of abusers, so that they take nothing from the client that is measured but the machine: arguments are the
// TCP port and the number of sockets, every question is answered with the counts.
import { abuse } from './abusers.ts';

const { counts } = abuse(Number(process.argv[2]), Number(process.argv[3]));
process.on('message', () => process.send?.(counts));
process.on('disconnect', () => process.exit());
process.send?.('ready');
