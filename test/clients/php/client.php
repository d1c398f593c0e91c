<?php
// Debian's php-amqplib. Prints one line `name: value` for each thing that happened.
require '/usr/share/php/PhpAmqpLib/autoload.php';

use PhpAmqpLib\Connection\AMQPStreamConnection;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

[, $host, $port] = $argv;

function say(string $name, mixed $value): void { echo "$name: ", is_string($value) ? $value : json_encode($value), "\n"; }

function connect(string $host, int $port): AMQPStreamConnection {
    while (true) {
        try {
            return new AMQPStreamConnection($host, $port, 'guest', 'guest', '/', false, 'AMQPLAIN', null, 'en_US', 3.0, 6.0, null, false, 2);
        } catch (Exception $error) {
            usleep(100000);
        }
    }
}

function wait($channel, callable $until, float $seconds = 10): void {
    $end = microtime(true) + $seconds;
    while (!$until() && microtime(true) < $end) {
        try { $channel->wait(null, false, 0.2); } catch (PhpAmqpLib\Exception\AMQPTimeoutException $error) {}
    }
}

function take($channel, string $queue, int $count): array {
    $got = [];
    $tag = $channel->basic_consume($queue, '', false, false, false, false, function ($message) use (&$got) {
        $got[] = $message;
        $message->ack();
    });
    wait($channel, function () use (&$got, $count) { return count($got) >= $count; });
    $channel->basic_cancel($tag);
    return $got;
}

$connection = connect($host, (int) $port);
$channel = $connection->channel();
$channel->confirm_select();
[$queue] = $channel->queue_declare('', false, false, true, false);
$acked = 0;
$channel->set_ack_handler(function () use (&$acked) { $acked++; });
for ($index = 0; $index < 100; $index++) $channel->basic_publish(new AMQPMessage("message $index", ['delivery_mode' => 2]), '', $queue);
$channel->wait_for_pending_acks(10);
say('confirms', $acked);
$channel->basic_qos(0, 10, false);
$bodies = array_map(fn ($message) => $message->body, take($channel, $queue, 100));
say('order', $bodies === array_map(fn ($index) => "message $index", range(0, 99)) ? 'right' : $bodies);

for ($index = 0; $index < 20; $index++) $channel->basic_publish(new AMQPMessage("$index"), '', $queue);
$seen = [];
$tag = $channel->basic_consume($queue, '', false, false, false, false, function ($message) use (&$seen) { $seen[] = $message; });
wait($channel, fn () => false, 0.7);
say('prefetch', count($seen));
$channel->basic_cancel($tag);
foreach ($seen as $message) $message->nack(true);
say('requeue', count(array_filter(take($channel, $queue, 20), fn ($message) => $message->isRedelivered())));

[$requests] = $channel->queue_declare('', false, false, true, false);
$channel->basic_consume($requests, '', false, true, false, false, function ($message) use ($channel) {
    $reply = new AMQPMessage(strtoupper($message->body), ['correlation_id' => $message->get('correlation_id')]);
    $channel->basic_publish($reply, '', $message->get('reply_to'));
});
$replies = [];
$client = $connection->channel();
$client->basic_consume('amq.rabbitmq.reply-to', '', false, true, false, false, function ($message) use (&$replies) {
    $replies[] = $message->get('correlation_id') . ' ' . $message->body;
});
$client->basic_publish(new AMQPMessage('hello', ['reply_to' => 'amq.rabbitmq.reply-to', 'correlation_id' => '7']), '', $requests);
wait($channel, fn () => false, 0.5);
wait($client, function () use (&$replies) { return count($replies) > 0; });
say('rpc', $replies[0]);

$big = str_repeat(implode('', array_map('chr', range(0, 255))), 4096);
$channel->basic_publish(new AMQPMessage($big), '', $queue);
$body = take($channel, $queue, 1)[0]->body;
say('big', strlen($body) . ' ' . ($body === $big ? 'same' : 'different'));

$headers = ['text' => 'grüße', 'whole' => 7, 'large' => 1 << 40, 'yes' => true, 'none' => null, 'list' => [1, 'two'], 'table' => ['a' => ['b' => 'c']]];
$channel->basic_publish(new AMQPMessage('', ['application_headers' => new AMQPTable($headers)]), '', $queue);
$got = take($channel, $queue, 1)[0]->get('application_headers')->getNativeData();
say('headers', $got == $headers ? 'same' : $got);

$returned = [];
$channel->set_return_listener(function ($code, $text) use (&$returned) { $returned[] = "$code $text"; });
$channel->basic_publish(new AMQPMessage('lost'), '', 'nowhere', true);
$channel->wait_for_pending_acks_returns(10);
say('return', $returned[0]);

$watcher = $connection->channel();
[$doomed] = $watcher->queue_declare('', false, false, false, false);
$watcher->basic_consume($doomed, '', false, true, false, false, fn () => null);
$channel->queue_delete($doomed);
try {
    wait($watcher, fn () => false, 5);
    say('cancel', 'not heard');
} catch (PhpAmqpLib\Exception\AMQPBasicCancelException $error) {
    say('cancel', 'heard');
}

for ($beat = 0; $beat < 5; $beat++) {
    sleep(1);
    $connection->checkHeartBeat();
}
$channel->basic_publish(new AMQPMessage('after silence'), '', $queue);
say('heartbeat', take($channel, $queue, 1)[0]->body);

say('restart', 'now');
try {
    wait($channel, fn () => false, 30);
} catch (Exception $error) {
}
$connection = connect($host, (int) $port);
$channel = $connection->channel();
[$queue] = $channel->queue_declare('', false, false, true, false);
$channel->basic_publish(new AMQPMessage('after restart'), '', $queue);
say('reconnect', take($channel, $queue, 1)[0]->body);
$connection->close();
