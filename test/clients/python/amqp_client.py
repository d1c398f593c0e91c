# Debian's python3-amqp, the client under kombu and Celery. Prints one line `name: value` for each thing that happened.
import sys
import time

import amqp

host, tcp_port = sys.argv[1], int(sys.argv[2])


def say(name, value):
    print(f"{name}: {value}", flush=True)


def connect():
    while True:
        connection = amqp.Connection(f"{host}:{tcp_port}", heartbeat=2, confirm_publish=True, connect_timeout=5)
        try:
            connection.connect()
            return connection
        except (OSError, amqp.AMQPError):
            time.sleep(0.1)


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        try:
            connection.drain_events(timeout=0.2)
        except TimeoutError:
            connection.heartbeat_tick()


def take(queue, count):
    got = []

    def on_message(message):
        got.append(message)
        channel.basic_ack(message.delivery_tag)

    tag = channel.basic_consume(queue, callback=on_message)
    until(lambda: len(got) >= count)
    channel.basic_cancel(tag)
    return got


connection = connect()
channel = connection.channel()
queue = channel.queue_declare("", exclusive=True, auto_delete=False).queue
for index in range(100):
    channel.basic_publish(amqp.Message(f"message {index}", delivery_mode=2), "", queue)
say("confirms", 100)
channel.basic_qos(0, 10, False)
bodies = [message.body for message in take(queue, 100)]
say("order", "right" if bodies == [f"message {index}" for index in range(100)] else bodies)

for index in range(20):
    channel.basic_publish(amqp.Message(str(index)), "", queue)
seen = []
tag = channel.basic_consume(queue, callback=seen.append)
until(lambda: len(seen) > 10, 0.7)
say("prefetch", len(seen))
channel.basic_cancel(tag)
for message in seen:
    channel.basic_reject(message.delivery_tag, requeue=True)
say("requeue", sum(1 for message in take(queue, 20) if message.delivery_info["redelivered"]))

requests = channel.queue_declare("", exclusive=True, auto_delete=False).queue
server = connection.channel()


def answer(message):
    reply = amqp.Message(message.body.upper(), correlation_id=message.properties["correlation_id"])
    server.basic_publish(reply, "", message.properties["reply_to"])
    server.basic_ack(message.delivery_tag)


server.basic_consume(requests, callback=answer)
replies = []
channel.basic_consume("amq.rabbitmq.reply-to", no_ack=True, callback=replies.append)
channel.basic_publish(amqp.Message("hello", reply_to="amq.rabbitmq.reply-to", correlation_id="7"), "", requests)
until(lambda: replies)
say("rpc", f"{replies[0].properties['correlation_id']} {replies[0].body}")

channel.basic_publish(amqp.Message(bytes(range(256)) * 4096), "", queue)
body = take(queue, 1)[0].body
body = body if isinstance(body, bytes) else body.encode("latin-1")
say("big", f"{len(body)} {'same' if body == bytes(range(256)) * 4096 else 'different'}")

headers = {"text": "grüße", "whole": 7, "large": 1 << 40, "yes": True, "none": None, "list": [1, "two", {"three": 3}], "table": {"a": {"b": "c"}}}
channel.basic_publish(amqp.Message("", application_headers=headers), "", queue)
got = take(queue, 1)[0].headers
say("headers", "same" if got == headers else got)

returns = []
channel.events["basic_return"].add(lambda *told: returns.append(told))
channel.basic_publish(amqp.Message("lost"), "", "nowhere", mandatory=True)
until(lambda: returns, 2)
error = returns[0][0] if isinstance(returns[0][0], Exception) else None
say("return", f"{error.reply_code} {error.reply_text}" if error else f"{returns[0][0]} {returns[0][1]}")

watcher = connection.channel()
doomed = watcher.queue_declare("", auto_delete=False).queue
cancelled = []
watcher.basic_consume(doomed, callback=lambda message: None, on_cancel=cancelled.append)
channel.queue_delete(doomed)
try:
    until(lambda: cancelled, 2)
except amqp.ConsumerCancelled as error:
    cancelled.append(error)
say("cancel", "heard" if cancelled else "not heard")

until(lambda: False, 5)
channel.basic_publish(amqp.Message("after silence"), "", queue)
say("heartbeat", take(queue, 1)[0].body)

say("restart", "now")
try:
    until(lambda: False, 30)
except (OSError, amqp.AMQPError):
    pass
connection = connect()
channel = connection.channel()
queue = channel.queue_declare("", exclusive=True, auto_delete=False).queue
channel.basic_publish(amqp.Message("after restart"), "", queue)
say("reconnect", take(queue, 1)[0].body)
connection.close()
