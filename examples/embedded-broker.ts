// A broker inside this process, used by an unchanged RabbitMQ client: nothing to install, nothing to clean up.
// prints: got hello
import amqplib from 'amqplib';
import { startBroker } from '../src/broker.ts';

await using broker = await startBroker({ amqpPort: 0 });

const connection = await amqplib.connect(broker.url);
const channel = await connection.createChannel();
await channel.assertQueue('greetings');

const received = new Promise<string>((resolve) => {
  channel.consume('greetings', (message) => {
    if (message === null) return;
    channel.ack(message);
    resolve(message.content.toString());
  });
});
channel.sendToQueue('greetings', Buffer.from('hello'));
console.log('got', await received);

await connection.close();
