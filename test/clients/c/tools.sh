#!/bin/sh
# Debian's amqp-tools, the programs of the C client librabbitmq. Prints one line `name: value` for each thing that
# happened.
set -eu
at="--server=$1 --port=$2"
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

queue=$(amqp-declare-queue $at -q warren-c)
echo "declare: $queue"
for index in 0 1 2 3 4; do amqp-publish $at -r "$queue" -p -b "message $index"; done
amqp-consume $at -q "$queue" -c 5 -p 2 -- sh -c 'cat; echo' > "$directory/got"
echo "order: $(tr '\n' ' ' < "$directory/got")"
head -c 1048576 /dev/urandom > "$directory/big"
amqp-publish $at -r "$queue" < "$directory/big"
amqp-get $at -q "$queue" > "$directory/back"
cmp -s "$directory/big" "$directory/back" && echo "big: same"
amqp-publish $at -r "$queue" -H 'colour: green' -H 'size: 7' -b 'with headers'
echo "headers: $(amqp-get $at -q "$queue")"
amqp-get $at -q "$queue" > /dev/null || echo "empty: $?"
echo "delete: $(amqp-delete-queue $at -q "$queue")"
