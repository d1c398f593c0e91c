// A client's round trip through a broker of the built package on two data threads.
import amqplib from 'amqplib';
import { startBroker } from 'warren/broker';
import { overview } from 'warren/management';

const broker = await startBroker({ amqpPort: 0, threads: 2 });
const { children } = await overview(broker);
const connection = await amqplib.connect(broker.url);
const channel = await connection.createConfirmChannel();
await channel.assertQueue('greetings');
channel.sendToQueue('greetings', Buffer.from('hello'));
await channel.waitForConfirms();
const message = await channel.get('greetings', { noAck: true });
await connection.close();
await broker.stop();
console.log(JSON.stringify({ version: process.version, text: message?.content.toString(), children }));
