// Debian's librabbitmq-client-java, with its automatic recovery. Prints one line `name: value` for each thing that
// happened.
import com.rabbitmq.client.*;
import java.util.*;
import java.util.concurrent.*;

public class Client {
  record Got(Envelope envelope, AMQP.BasicProperties properties, byte[] body) {}

  static void say(String name, Object value) {
    System.out.println(name + ": " + value);
    System.out.flush();
  }

  static DefaultConsumer into(Channel channel, BlockingQueue<Got> got, boolean acks) {
    return new DefaultConsumer(channel) {
      @Override
      public void handleDelivery(String tag, Envelope envelope, AMQP.BasicProperties properties, byte[] body)
          throws java.io.IOException {
        got.add(new Got(envelope, properties, body));
        if (acks) channel.basicAck(envelope.getDeliveryTag(), false);
      }
    };
  }

  static List<Got> take(Channel channel, String queue, int count) throws Exception {
    BlockingQueue<Got> got = new LinkedBlockingQueue<>();
    String tag = channel.basicConsume(queue, false, into(channel, got, true));
    List<Got> all = new ArrayList<>();
    while (all.size() < count) all.add(Objects.requireNonNull(got.poll(10, TimeUnit.SECONDS), "no message came"));
    channel.basicCancel(tag);
    return all;
  }

  static String plain(Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<String, String> sorted = new TreeMap<>();
      map.forEach((key, inner) -> sorted.put(key.toString(), plain(inner)));
      return sorted.toString();
    }
    if (value instanceof List<?> list) return list.stream().map(Client::plain).toList().toString();
    return String.valueOf(value);
  }

  public static void main(String[] args) throws Exception {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost(args[0]);
    factory.setPort(Integer.parseInt(args[1]));
    factory.setRequestedHeartbeat(2);
    factory.setNetworkRecoveryInterval(200);
    factory.setExceptionHandler(new com.rabbitmq.client.impl.StrictExceptionHandler());
    Connection connection = factory.newConnection();
    Channel channel = connection.createChannel();
    channel.confirmSelect();
    String queue = channel.queueDeclare("", false, true, false, null).getQueue();
    for (int index = 0; index < 100; index++) {
      channel.basicPublish("", queue, MessageProperties.PERSISTENT_BASIC, ("message " + index).getBytes());
    }
    channel.waitForConfirmsOrDie(10_000);
    say("confirms", 100);
    channel.basicQos(10);
    int right = 0;
    for (Got got : take(channel, queue, 100)) if (new String(got.body()).equals("message " + right)) right++;
    say("order", right == 100 ? "right" : right);

    for (int index = 0; index < 20; index++) channel.basicPublish("", queue, null, new byte[0]);
    BlockingQueue<Got> seen = new LinkedBlockingQueue<>();
    String tag = channel.basicConsume(queue, false, into(channel, seen, false));
    Thread.sleep(700);
    say("prefetch", seen.size());
    channel.basicCancel(tag);
    for (Got got : seen) channel.basicNack(got.envelope().getDeliveryTag(), false, true);
    say("requeue", take(channel, queue, 20).stream().filter((got) -> got.envelope().isRedeliver()).count());

    Channel server = connection.createChannel();
    String requests = server.queueDeclare("", false, true, false, null).getQueue();
    RpcServer rpc = new RpcServer(server, requests) {
      @Override
      public byte[] handleCall(Delivery request, AMQP.BasicProperties reply) {
        return new String(request.getBody()).toUpperCase().getBytes();
      }
    };
    Thread thread = new Thread(() -> {
      try {
        rpc.mainloop();
      } catch (Exception error) {
        // Its channel has ended.
      }
    });
    thread.setDaemon(true);
    thread.start();
    Channel caller = connection.createChannel();
    BlockingQueue<Got> replies = new LinkedBlockingQueue<>();
    caller.basicConsume("amq.rabbitmq.reply-to", true, into(caller, replies, false));
    AMQP.BasicProperties asking =
        new AMQP.BasicProperties.Builder().replyTo("amq.rabbitmq.reply-to").correlationId("7").build();
    caller.basicPublish("", requests, asking, "hello".getBytes());
    Got reply = Objects.requireNonNull(replies.poll(10, TimeUnit.SECONDS), "no reply");
    say("rpc", reply.properties().getCorrelationId() + " " + new String(reply.body()));

    byte[] big = new byte[1_048_576];
    for (int index = 0; index < big.length; index++) big[index] = (byte) index;
    channel.basicPublish("", queue, null, big);
    byte[] body = take(channel, queue, 1).get(0).body();
    say("big", body.length + (Arrays.equals(body, big) ? " same" : " different"));

    Map<String, Object> headers = new HashMap<>();
    headers.put("text", "grüße");
    headers.put("whole", 7);
    headers.put("large", 1L << 40);
    headers.put("short", (short) -3);
    headers.put("byte", (byte) 5);
    headers.put("double", 0.5);
    headers.put("decimal", new java.math.BigDecimal("12.34"));
    headers.put("date", new Date(1_000_000_000_000L));
    headers.put("yes", true);
    headers.put("none", null);
    headers.put("list", List.of(1, "two"));
    headers.put("table", Map.of("a", Map.of("b", "c")));
    channel.basicPublish("", queue, new AMQP.BasicProperties.Builder().headers(headers).build(), new byte[0]);
    String got = plain(take(channel, queue, 1).get(0).properties().getHeaders());
    say("headers", got.equals(plain(headers)) ? "same" : got);

    BlockingQueue<String> returned = new LinkedBlockingQueue<>();
    channel.addReturnListener((code, text, exchange, key, properties, lost) -> returned.add(code + " " + text));
    channel.basicPublish("", "nowhere", true, null, "lost".getBytes());
    say("return", returned.poll(10, TimeUnit.SECONDS));

    Channel watcher = connection.createChannel();
    String doomed = watcher.queueDeclare("", false, false, false, null).getQueue();
    CountDownLatch cancelled = new CountDownLatch(1);
    watcher.basicConsume(doomed, true, new DefaultConsumer(watcher) {
      @Override
      public void handleCancel(String tag) {
        cancelled.countDown();
      }
    });
    channel.queueDelete(doomed);
    say("cancel", cancelled.await(10, TimeUnit.SECONDS) ? "heard" : "not heard");
    watcher.close();
    caller.close();

    Thread.sleep(5_000);
    channel.basicPublish("", queue, null, "after silence".getBytes());
    say("heartbeat", new String(take(channel, queue, 1).get(0).body()));

    // The client opens everything again by itself; the queue with a new name, which the consumer keeps track of.
    BlockingQueue<Got> after = new LinkedBlockingQueue<>();
    CountDownLatch recovered = new CountDownLatch(1);
    String[] name = {queue};
    ((RecoverableConnection) connection).addRecoveryListener(new RecoveryListener() {
      @Override
      public void handleRecovery(Recoverable recoverable) {
        recovered.countDown();
      }

      @Override
      public void handleRecoveryStarted(Recoverable recoverable) {}
    });
    ((com.rabbitmq.client.impl.recovery.AutorecoveringConnection) connection)
        .addQueueRecoveryListener((was, is) -> { if (was.equals(queue)) name[0] = is; });
    channel.basicConsume(queue, true, into(channel, after, false));
    say("restart", "now");
    if (!recovered.await(40, TimeUnit.SECONDS)) throw new IllegalStateException("no recovery");
    channel.basicPublish("", name[0], null, "after restart".getBytes());
    say("reconnect", new String(Objects.requireNonNull(after.poll(10, TimeUnit.SECONDS), "no message").body()));
    connection.close();
    System.exit(0);
  }
}
