# Debian's ruby-bunny, with its automatic recovery. Prints one line `name: value` for each thing that happened.
require 'bunny'
require 'timeout'

$stdout.sync = true
def say(name, value) = puts("#{name}: #{value}")
def wait(seconds = 10) = Timeout.timeout(seconds) { sleep 0.01 until yield }

connection = Bunny.new(host: ARGV[0], port: ARGV[1].to_i, heartbeat: 2, network_recovery_interval: 0.2,
                       recover_from_connection_close: true, logger: Logger.new(File::NULL))
connection.start
channel = connection.create_channel
channel.confirm_select
channel.prefetch(10)
queue = channel.queue('', exclusive: true)

take = lambda do |count|
  got = []
  consumer = queue.subscribe(manual_ack: true) do |info, properties, body|
    got << [info, properties, body]
    channel.ack(info.delivery_tag)
  end
  wait { got.size >= count }
  consumer.cancel
  got
end

100.times { |index| queue.publish("message #{index}", persistent: true) }
say('confirms', channel.wait_for_confirms ? 100 : 'nacked')
bodies = take.call(100).map(&:last)
say('order', bodies == (0...100).map { |index| "message #{index}" } ? 'right' : bodies)

20.times { |index| queue.publish(index.to_s) }
seen = []
consumer = queue.subscribe(manual_ack: true) { |info, _, _| seen << info }
sleep 0.7
say('prefetch', seen.size)
consumer.cancel
seen.each { |info| channel.nack(info.delivery_tag, false, true) }
say('requeue', take.call(20).count { |info, _, _| info.redelivered? })

server = connection.create_channel
requests = server.queue('', exclusive: true)
requests.subscribe do |_, properties, body|
  server.default_exchange.publish(body.upcase, routing_key: properties.reply_to, correlation_id: properties.correlation_id)
end
client = connection.create_channel
replies = []
# The object for direct reply-to, which cannot be declared.
client.basic_consume('amq.rabbitmq.reply-to', '', true) { |_, properties, body| replies << "#{properties.correlation_id} #{body}" }
client.default_exchange.publish('hello', routing_key: requests.name, reply_to: 'amq.rabbitmq.reply-to', correlation_id: '7')
wait { replies.any? }
say('rpc', replies[0])

big = (0..255).to_a.pack('C*') * 4096
queue.publish(big)
body = take.call(1)[0].last
say('big', "#{body.bytesize} #{body.b == big ? 'same' : 'different'}")

headers = { 'text' => 'grüße', 'whole' => 7, 'large' => 1 << 40, 'yes' => true, 'none' => nil,
            'list' => [1, 'two'], 'table' => { 'a' => { 'b' => 'c' } } }
queue.publish('', headers: headers)
got = take.call(1)[0][1].headers
# It gives texts as bytes.
got['text'].force_encoding('UTF-8')
say('headers', got == headers ? 'same' : got)

returned = []
exchange = channel.default_exchange
exchange.on_return { |info, _, _| returned << "#{info.reply_code} #{info.reply_text}" }
exchange.publish('lost', routing_key: 'nowhere', mandatory: true)
wait { returned.any? }
say('return', returned[0])

watcher = connection.create_channel
doomed = watcher.queue('warren doomed')
cancelled = []
watched = Bunny::Consumer.new(watcher, doomed)
watched.on_cancellation { cancelled << true }
doomed.subscribe_with(watched)
channel.queue_delete('warren doomed')
wait { cancelled.any? }
say('cancel', 'heard')
watcher.close

sleep 5
queue.publish('after silence')
say('heartbeat', take.call(1)[0].last)

# Bunny opens everything again by itself: connection, channel, queue and consumer.
after = []
queue.subscribe { |_, _, body| after << body }
say('restart', 'now')
Timeout.timeout(60) do
  until after.any?
    begin
      channel.default_exchange.publish('after restart', routing_key: queue.name) if connection.open? && channel.open?
    rescue StandardError
      # It is on its way back.
    end
    sleep 0.2
  end
end
say('reconnect', after[0])
connection.close
