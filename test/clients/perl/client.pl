# Debian's libanyevent-rabbitmq-perl. Prints one line `name: value` for each thing that happened.
use strict;
use warnings;
use utf8;
use AnyEvent;
use AnyEvent::RabbitMQ;

$| = 1;
my ($host, $port) = @ARGV;
sub say_line { my ($name, $value) = @_; print "$name: $value\n" }
sub pause { my $done = AnyEvent->condvar; my $timer = AnyEvent->timer(after => shift, cb => sub { $done->send }); $done->recv }

sub until_true {
    my ($condition) = @_;
    for (1 .. 500) { return if $condition->(); pause(0.02) }
    die 'waited in vain';
}

# A call with on_success and on_failure, waited for.
sub ask {
    my ($target, $method, %arguments) = @_;
    my $done = AnyEvent->condvar;
    $target->$method(%arguments, on_success => sub { $done->send([@_]) }, on_failure => sub { $done->croak("$method failed") });
    return $done->recv->[0];
}

sub open_connection {
    my ($on_close) = @_;
    for (1 .. 400) {
        my $client = AnyEvent::RabbitMQ->new(timeout => 5)->load_xml_spec;
        my $connected = eval {
            ask($client, 'connect', host => $host, port => $port, user => 'guest', pass => 'guest', vhost => '/',
                tune => { heartbeat => 2 }, on_close => $on_close, on_read_failure => $on_close);
            1;
        };
        return $client if $connected;
        pause(0.1);
    }
    die 'no connection';
}

sub take {
    my ($channel, $queue, $count) = @_;
    my @got;
    my $tag = ask($channel, 'consume', queue => $queue, no_ack => 0, on_consume => sub {
        my ($message) = @_;
        push @got, $message;
        $channel->ack(delivery_tag => $message->{deliver}->method_frame->delivery_tag);
    })->method_frame->consumer_tag;
    until_true(sub { @got >= $count });
    ask($channel, 'cancel', consumer_tag => $tag);
    return @got;
}

my $closed = 0;
my $client = open_connection(sub { $closed = 1 });
my $channel = ask($client, 'open_channel');
ask($channel, 'confirm');
my $queue = ask($channel, 'declare_queue', exclusive => 1)->method_frame->queue;
my $acked = 0;
for my $index (0 .. 99) {
    $channel->publish(routing_key => $queue, body => "message $index", header => { delivery_mode => 2 }, on_ack => sub { $acked++ });
}
until_true(sub { $acked == 100 });
say_line('confirms', $acked);
ask($channel, 'qos', prefetch_count => 10);
my @bodies = map { $_->{body}->payload } take($channel, $queue, 100);
say_line('order', join(',', @bodies) eq join(',', map { "message $_" } 0 .. 99) ? 'right' : "@bodies");

$channel->publish(routing_key => $queue, body => "$_") for 0 .. 19;
my @seen;
my $tag = ask($channel, 'consume', queue => $queue, no_ack => 0, on_consume => sub { push @seen, shift })->method_frame->consumer_tag;
pause(0.7);
say_line('prefetch', scalar @seen);
ask($channel, 'cancel', consumer_tag => $tag);
$channel->reject(delivery_tag => $_->{deliver}->method_frame->delivery_tag, requeue => 1) for @seen;
say_line('requeue', scalar grep { $_->{deliver}->method_frame->redelivered } take($channel, $queue, 20));

my $requests = ask($channel, 'declare_queue', exclusive => 1)->method_frame->queue;
my $server = ask($client, 'open_channel');
ask($server, 'consume', queue => $requests, on_consume => sub {
    my ($message) = @_;
    my $asked = $message->{header};
    $server->publish(routing_key => $asked->{reply_to}, body => uc $message->{body}->payload,
        header => { correlation_id => $asked->{correlation_id} });
});
my @replies;
ask($channel, 'consume', queue => 'amq.rabbitmq.reply-to', no_ack => 1, on_consume => sub { push @replies, shift });
$channel->publish(routing_key => $requests, body => 'hello', header => { reply_to => 'amq.rabbitmq.reply-to', correlation_id => '7' });
until_true(sub { @replies });
say_line('rpc', "$replies[0]{header}{correlation_id} " . $replies[0]{body}->payload);

my $big = join('', map { chr } 0 .. 255) x 4096;
utf8::downgrade($big);
$channel->publish(routing_key => $queue, body => $big);
my $body = (take($channel, $queue, 1))[0]{body}->payload;
say_line('big', length($body) . ($body eq $big ? ' same' : ' different'));

$channel->publish(routing_key => $queue, body => 'x', header => { headers => { text => 'green', whole => 7, list => [1, 'two'], table => { a => 'b' } } });
my $headers = (take($channel, $queue, 1))[0]{header}{headers};
my $same = $headers->{text} eq 'green' && $headers->{whole} == 7 && "@{$headers->{list}}" eq '1 two' && $headers->{table}{a} eq 'b';
say_line('headers', $same ? 'same' : join(',', %$headers));

my $returned;
$channel->publish(routing_key => 'nowhere', body => 'lost', mandatory => 1, on_return => sub { $returned = shift });
until_true(sub { $returned });
say_line('return', $returned->method_frame->reply_code . ' ' . $returned->method_frame->reply_text);

my $doomed = ask($channel, 'declare_queue', exclusive => 0)->method_frame->queue;
my $watcher = ask($client, 'open_channel');
my $cancelled = 0;
ask($watcher, 'consume', queue => $doomed, on_consume => sub { }, on_cancel => sub { $cancelled = 1 });
ask($channel, 'delete_queue', queue => $doomed);
until_true(sub { $cancelled });
say_line('cancel', 'heard');

pause(5);
$channel->publish(routing_key => $queue, body => 'after silence');
say_line('heartbeat', (take($channel, $queue, 1))[0]{body}->payload);

say_line('restart', 'now');
until_true(sub { $closed });
$client = open_connection(sub { });
$channel = ask($client, 'open_channel');
$queue = ask($channel, 'declare_queue', exclusive => 1)->method_frame->queue;
$channel->publish(routing_key => $queue, body => 'after restart');
say_line('reconnect', (take($channel, $queue, 1))[0]{body}->payload);
ask($client, 'close');
