// Debian's golang-github-rabbitmq-amqp091-go-dev. Prints one line `name: value` for each thing that happened.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func connect() *amqp.Connection {
	url := fmt.Sprintf("amqp://guest:guest@%s:%s/", os.Args[1], os.Args[2])
	for {
		connection, err := amqp.DialConfig(url, amqp.Config{Heartbeat: 2 * time.Second})
		if err == nil {
			return connection
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func one[T any](from <-chan T) T {
	select {
	case value, open := <-from:
		if open {
			return value
		}
		panic("closed")
	case <-time.After(10 * time.Second):
		panic("nothing came")
	}
}

// Confirms of each channel, by listener: the deferred confirmations of versions before 1.6 are registered only after the
// publish is on its way, and lose one that comes sooner.
var confirmed = map[*amqp.Channel]chan amqp.Confirmation{}

func confirm(channel *amqp.Channel) {
	check(channel.Confirm(false))
	confirmed[channel] = channel.NotifyPublish(make(chan amqp.Confirmation, 1))
}

func publish(channel *amqp.Channel, key string, message amqp.Publishing) {
	check(channel.PublishWithContext(context.Background(), "", key, false, false, message))
	if confirmations, found := confirmed[channel]; found && !one(confirmations).Ack {
		panic("nacked")
	}
}

func take(channel *amqp.Channel, queue string, count int) []amqp.Delivery {
	deliveries := must(channel.Consume(queue, "taker", false, false, false, false, nil))
	var got []amqp.Delivery
	for len(got) < count {
		delivery := one(deliveries)
		check(delivery.Ack(false))
		got = append(got, delivery)
	}
	check(channel.Cancel("taker", false))
	return got
}

func main() {
	connection := connect()
	channel := must(connection.Channel())
	confirm(channel)
	queue := must(channel.QueueDeclare("", false, false, true, false, nil)).Name
	for index := 0; index < 100; index++ {
		publish(channel, queue, amqp.Publishing{Body: []byte(fmt.Sprint("message ", index)), DeliveryMode: amqp.Persistent})
	}
	fmt.Println("confirms: 100")
	check(channel.Qos(10, 0, false))
	right := 0
	for index, got := range take(channel, queue, 100) {
		if string(got.Body) == fmt.Sprint("message ", index) {
			right++
		}
	}
	if right == 100 {
		fmt.Println("order: right")
	}

	for index := 0; index < 20; index++ {
		publish(channel, queue, amqp.Publishing{Body: []byte("x")})
	}
	held := must(channel.Consume(queue, "holder", false, false, false, false, nil))
	var seen []amqp.Delivery
	for waiting := true; waiting; {
		select {
		case delivery := <-held:
			seen = append(seen, delivery)
		case <-time.After(700 * time.Millisecond):
			waiting = false
		}
	}
	fmt.Println("prefetch:", len(seen))
	check(channel.Cancel("holder", false))
	for _, delivery := range seen {
		check(delivery.Nack(false, true))
	}
	again := 0
	for _, got := range take(channel, queue, 20) {
		if got.Redelivered {
			again++
		}
	}
	fmt.Println("requeue:", again)

	server := must(connection.Channel())
	requests := must(server.QueueDeclare("", false, false, true, false, nil)).Name
	asked := must(server.Consume(requests, "", true, false, false, false, nil))
	go func() {
		for request := range asked {
			reply := amqp.Publishing{Body: bytes.ToUpper(request.Body), CorrelationId: request.CorrelationId}
			check(server.PublishWithContext(context.Background(), "", request.ReplyTo, false, false, reply))
		}
	}()
	client := must(connection.Channel())
	replies := must(client.Consume("amq.rabbitmq.reply-to", "", true, false, false, false, nil))
	publish(client, requests, amqp.Publishing{Body: []byte("hello"), ReplyTo: "amq.rabbitmq.reply-to", CorrelationId: "7"})
	reply := one(replies)
	fmt.Println("rpc:", reply.CorrelationId, string(reply.Body))

	big := []byte(strings.Repeat("0123456789abcdef", 65_536))
	publish(channel, queue, amqp.Publishing{Body: big})
	body := take(channel, queue, 1)[0].Body
	fmt.Println("big:", len(body), map[bool]string{true: "same", false: "different"}[bytes.Equal(body, big)])

	headers := amqp.Table{
		"text": "grüße", "whole": int32(7), "large": int64(1) << 40, "short": int16(-3), "byte": byte(5), "yes": true,
		"double": 0.5, "float": float32(0.5), "none": nil, "bytes": []byte{1, 2}, "decimal": amqp.Decimal{Scale: 2, Value: 1234},
		"time": time.Unix(1_000_000_000, 0), "list": []interface{}{int32(1), "two"}, "table": amqp.Table{"a": amqp.Table{"b": "c"}},
	}
	publish(channel, queue, amqp.Publishing{Headers: headers})
	got := take(channel, queue, 1)[0].Headers
	if reflect.DeepEqual(got, headers) {
		fmt.Println("headers: same")
	} else {
		fmt.Println("headers:", got)
	}

	returned := channel.NotifyReturn(make(chan amqp.Return, 1))
	_, err := channel.PublishWithDeferredConfirmWithContext(context.Background(), "", "nowhere", true, false, amqp.Publishing{})
	check(err)
	lost := one(returned)
	fmt.Println("return:", lost.ReplyCode, lost.ReplyText)

	watcher := must(connection.Channel())
	doomed := must(watcher.QueueDeclare("", false, false, false, false, nil)).Name
	cancelled := watcher.NotifyCancel(make(chan string, 1))
	must(watcher.Consume(doomed, "watching", true, false, false, false, nil))
	must(channel.QueueDelete(doomed, false, false, false))
	if one(cancelled) == "watching" {
		fmt.Println("cancel: heard")
	}

	time.Sleep(5 * time.Second)
	publish(channel, queue, amqp.Publishing{Body: []byte("after silence")})
	fmt.Println("heartbeat:", string(take(channel, queue, 1)[0].Body))

	ended := connection.NotifyClose(make(chan *amqp.Error, 1))
	fmt.Println("restart: now")
	<-ended
	connection = connect()
	channel = must(connection.Channel())
	confirm(channel)
	queue = must(channel.QueueDeclare("", false, false, true, false, nil)).Name
	publish(channel, queue, amqp.Publishing{Body: []byte("after restart")})
	fmt.Println("reconnect:", string(take(channel, queue, 1)[0].Body))
	check(connection.Close())
}
