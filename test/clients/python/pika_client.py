# Debian's python3-pika, as its users write it. Prints one line `name: value` for each thing that happened.
import hashlib
import sys
import time

import pika

host, tcp_port = sys.argv[1], int(sys.argv[2])
parameters = pika.ConnectionParameters(host, tcp_port, heartbeat=2, blocked_connection_timeout=20)


def say(name, value):
    print(f"{name}: {value}", flush=True)


def connect():
    while True:
        try:
            return pika.BlockingConnection(parameters)
        except pika.exceptions.AMQPConnectionError:
            time.sleep(0.1)


def take(channel, queue, count, ack=True):
    got = []
    for method, properties, body in channel.consume(queue, inactivity_timeout=10):
        if method is None:
            break
        got.append((method, properties, body))
        if ack:
            channel.basic_ack(method.delivery_tag)
        if len(got) == count:
            break
    channel.cancel()
    return got


connection = connect()
channel = connection.channel()
channel.confirm_delivery()
queue = channel.queue_declare("", exclusive=True).method.queue

for index in range(100):
    channel.basic_publish("", queue, f"message {index}", pika.BasicProperties(delivery_mode=2))
say("confirms", 100)
channel.basic_qos(prefetch_count=10)
bodies = [body.decode() for _, _, body in take(channel, queue, 100)]
say("order", "right" if bodies == [f"message {index}" for index in range(100)] else bodies)

for index in range(20):
    channel.basic_publish("", queue, str(index))
seen = []
tag = channel.basic_consume(queue, lambda *message: seen.append(message))
connection.process_data_events(time_limit=0.5)
say("prefetch", len(seen))
for _, method, _, _ in seen:
    channel.basic_nack(method.delivery_tag, requeue=True)
channel.basic_cancel(tag)
again = take(channel, queue, 20)
say("requeue", sum(1 for method, _, _ in again if method.redelivered))

server = connection.channel()
requests = server.queue_declare("", exclusive=True).method.queue


def answer(through, method, properties, body):
    through.basic_publish("", properties.reply_to, body.upper(), pika.BasicProperties(correlation_id=properties.correlation_id))
    through.basic_ack(method.delivery_tag)


server.basic_consume(requests, answer)
client = connection.channel()
replies = []
client.basic_consume("amq.rabbitmq.reply-to", lambda _c, _m, p, body: replies.append((p.correlation_id, body)), auto_ack=True)
client.basic_publish("", requests, b"hello", pika.BasicProperties(reply_to="amq.rabbitmq.reply-to", correlation_id="7"))
while not replies:
    connection.process_data_events(time_limit=1)
say("rpc", f"{replies[0][0]} {replies[0][1].decode()}")

big = bytes(range(256)) * 4096
channel.basic_publish("", queue, big)
_, _, body = take(channel, queue, 1)[0]
say("big", f"{len(body)} {'same' if hashlib.sha256(body).digest() == hashlib.sha256(big).digest() else 'different'}")

headers = {"text": "grüße", "whole": 7, "large": 1 << 40, "yes": True, "none": None, "list": [1, "two", {"three": 3}], "table": {"a": {"b": "c"}}}
channel.basic_publish("", queue, b"", pika.BasicProperties(headers=headers))
_, properties, _ = take(channel, queue, 1)[0]
say("headers", "same" if properties.headers == headers else properties.headers)

try:
    channel.basic_publish("", "nowhere", b"lost", mandatory=True)
    say("return", "none")
except pika.exceptions.UnroutableError as error:
    say("return", f"{error.messages[0].method.reply_code} {error.messages[0].method.reply_text}")

watcher = connection.channel()
doomed = watcher.queue_declare("", auto_delete=False).method.queue
cancelled = []
watcher.add_on_cancel_callback(lambda frame: cancelled.append(frame))
watcher.basic_consume(doomed, lambda *message: None)
channel.queue_delete(doomed)
while not cancelled:
    connection.process_data_events(time_limit=1)
say("cancel", "heard")

connection.process_data_events(time_limit=5)
channel.basic_publish("", queue, b"after silence")
say("heartbeat", take(channel, queue, 1)[0][2].decode())

say("restart", "now")
try:
    while True:
        connection.process_data_events(time_limit=1)
except pika.exceptions.AMQPError:
    pass
connection = connect()
channel = connection.channel()
channel.confirm_delivery()
queue = channel.queue_declare("", exclusive=True).method.queue
channel.basic_publish("", queue, b"after restart")
say("reconnect", take(channel, queue, 1)[0][2].decode())
connection.close()
