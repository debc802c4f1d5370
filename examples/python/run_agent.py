#!/usr/bin/env python3
"""Starts a run of an agent by a record on <prefix>.commands, and waits for its end on <prefix>.runs.

What both records look like comes from the schema registry alone: nothing here knows the project's files.
"""

import argparse
import json
import os
import sys
import time
import uuid
from contextlib import contextmanager

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient, topic_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

# argparse itself ends with 2 where arguments are wrong.
FINISHED, ENDED_OTHERWISE, NO_ANSWER = 0, 1, 3
ENDS = ("rejected", "finished", "failed", "stopped")
NETWORK_TIMEOUT_S = 15
# Errors are reported once, below; librdkafka would log each attempt to connect.
QUIET = {"log_level": 2, "reconnect.backoff.ms": 500}


class RegistryProblem(Exception):
    """The registry cannot be reached, or does not have what is asked for."""


@contextmanager
def asking_the_registry():
    try:
        yield
    except Exception as error:  # Its own errors and those of its HTTP client have no type in common.
        raise RegistryProblem(str(error)) from error


EPILOG = """\
exit codes:
  0  the run finished
  1  it failed, was stopped, or was rejected (THREAD_BUSY, UNKNOWN_AGENT, ...)
  2  wrong arguments
  3  no answer within --timeout, or Kafka or the registry cannot be reached

examples:
  python run_agent.py --brokers localhost:9092 --registry http://localhost:8081 \\
    --agent demo --thread t1 --message "How far is the moon?"
  # the same command id again starts nothing: it tells how that run ended
  python run_agent.py --agent demo --thread t1 --message "Invoice 7 is late" --command-id invoice-7-late

Avro only: the workers have to know the registry too (SCHEMA_REGISTRY_URL)."""


def arguments() -> argparse.Namespace:
    env = os.environ.get
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    option = parser.add_argument
    option("--agent", required=True, metavar="ID", help="an agent that the workers know")
    option("--thread", required=True, metavar="ID", help="the conversation; it begins with its first run")
    option("--message", required=True, metavar="TEXT", help="what the user says")
    option("--command-id", default=str(uuid.uuid4()), metavar="ID", help="the same again starts nothing (default: a new one)")
    option("--timeout", type=float, default=120, metavar="SECONDS", help="to wait for the end (default: 120)")
    option("--brokers", default=env("KAFKA_BROKERS", "localhost:9092"), help="or $KAFKA_BROKERS (default: localhost:9092)")
    option(
        "--registry",
        default=env("SCHEMA_REGISTRY_URL", "http://localhost:8081"),
        metavar="URL",
        help="or $SCHEMA_REGISTRY_URL (default: http://localhost:8081); user and password may stand in it",
    )
    option("--prefix", default=env("KAR_PREFIX", "agents"), help="of the topics, or $KAR_PREFIX (default: agents)")
    return parser.parse_args()


def command_of(args: argparse.Namespace) -> dict:
    """A value of <prefix>.commands. Fields that have a default in the schema may be left out."""
    return {
        "version": 1,
        "commandId": args.command_id,
        "threadId": args.thread,
        "agentId": args.agent,
        # AG-UI’s RunAgentInput, as JSON text. The agent is given just this: a client that goes on with a conversation
        # sends the messages before, too.
        "input": json.dumps(
            {
                "threadId": args.thread,
                "runId": args.command_id,
                "messages": [{"id": f"{args.command_id}-message", "role": "user", "content": args.message}],
                "tools": [],
                "context": [],
                "state": {},
                "forwardedProps": {},
            }
        ),
        # Not begun when nobody waits any more.
        "ttlMs": round(args.timeout * 1000),
        "time": round(time.time() * 1000),
    }


def ends_of_partitions(consumer: Consumer, topic: str) -> dict[int, int]:
    """Where each partition of the topic ends now."""
    known = consumer.list_topics(topic, timeout=NETWORK_TIMEOUT_S).topics[topic]
    if known.error is not None:
        raise KafkaException(known.error)
    places = [TopicPartition(topic, partition) for partition in known.partitions]
    return {
        place.partition: consumer.get_watermark_offsets(place, timeout=NETWORK_TIMEOUT_S)[1] for place in places
    }


def send(args: argparse.Namespace, registry: SchemaRegistryClient) -> int:
    """Writes the command; the partition that it went to."""
    topic = f"{args.prefix}.commands"
    serialize = AvroSerializer(
        registry,
        conf={
            "auto.register.schemas": False,
            "use.latest.version": True,
            "subject.name.strategy": topic_subject_name_strategy,
        },
    )
    with asking_the_registry():
        value = serialize(command_of(args), SerializationContext(topic, MessageField.VALUE))
    # Workers look for a thread's commands where Java's partitioner puts them; librdkafka's default is another one.
    producer = Producer(
        {
            **QUIET,
            "bootstrap.servers": args.brokers,
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "delivery.timeout.ms": NETWORK_TIMEOUT_S * 1000,
        }
    )
    outcome = {}
    producer.produce(
        topic,
        key=args.thread,
        value=value,
        on_delivery=lambda error, message: outcome.update(error=error, message=message),
    )
    producer.flush()
    if outcome["error"] is not None:
        raise KafkaException(outcome["error"])
    return outcome["message"].partition()


def end_of_run(args: argparse.Namespace, registry: SchemaRegistryClient, consumer: Consumer) -> list[dict] | None:
    """All parts of the fact that ends the command's run, in order; None when it does not come in time."""
    topic = f"{args.prefix}.runs"
    deserialize = AvroDeserializer(registry, conf={"subject.name.strategy": topic_subject_name_strategy})
    parts: dict[int, dict] = {}
    deadline = time.monotonic() + args.timeout
    while time.monotonic() < deadline:
        message = consumer.poll(min(1.0, max(0.0, deadline - time.monotonic())))
        if message is None:
            continue
        if message.error() is not None:
            if message.error().retriable() or message.error().code() == KafkaError._ALL_BROKERS_DOWN:
                continue
            raise KafkaException(message.error())
        # Another thread's, or written before there was a registry: plain JSON.
        if message.key() != args.thread.encode() or message.value()[:1] != b"\0":
            continue
        with asking_the_registry():
            fact = deserialize(message.value(), SerializationContext(topic, MessageField.VALUE))
        if fact["commandId"] != args.command_id:
            continue
        if fact["fact"] not in ENDS:
            print(f"{fact['fact']:9} by {fact['workerId']}", file=sys.stderr)
            continue
        # Facts come at least once: a part that is told again is the same.
        parts[fact["part"]] = fact
        if len(parts) == fact["parts"]:
            return [parts[part] for part in sorted(parts)]
    return None


def texts_of(events: list[dict]) -> list[str]:
    """What the assistant said, message by message."""
    texts: dict[str, str] = {}
    roles: dict[str, str] = {}
    current = ""
    for event in events:
        if event["type"] not in ("TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_CHUNK"):
            continue
        # A chunk without an id goes on with the message before.
        current = event.get("messageId") or current
        if roles.setdefault(current, event.get("role") or "assistant") == "assistant":
            texts[current] = texts.get(current, "") + (event.get("delta") or "")
    return list(texts.values())


def run(args: argparse.Namespace) -> int:
    registry = SchemaRegistryClient({"url": args.registry, "max.retries": 1})
    # No group and no commits: this reads one run's end and leaves.
    consumer = Consumer(
        {**QUIET, "bootstrap.servers": args.brokers, "group.id": "unused", "enable.auto.commit": False}
    )
    try:
        topic = f"{args.prefix}.runs"
        # Before the command is sent, so that nothing that it causes is missed.
        ends = ends_of_partitions(consumer, topic)
        # Both topics have the same keys and as many partitions, so a thread has the same number in both.
        partition = send(args, registry)
        consumer.assign([TopicPartition(topic, partition, ends[partition])])
        facts = end_of_run(args, registry, consumer)
    finally:
        consumer.close()
    if facts is None:
        print(
            f'Run "{args.command_id}" has not ended within {args.timeout:g} s. '
            f'Is a worker up? See "kar status", and {args.prefix}.dead-letter.',
            file=sys.stderr,
        )
        return NO_ANSWER
    end = facts[-1]
    reason = f": {end['code']} {end['message'] or ''}" if end["code"] else ""
    print(f"{end['fact']}{reason}")
    for text in texts_of([json.loads(event["event"]) for fact in facts for event in fact["events"]]):
        print(text)
    return FINISHED if end["fact"] == "finished" else ENDED_OTHERWISE


def main() -> int:
    args = arguments()
    try:
        return run(args)
    except KafkaException as error:
        print(f"Kafka at {args.brokers}, topics {args.prefix}.*: {error.args[0].str()}", file=sys.stderr)
    except RegistryProblem as error:
        print(f"The schema registry, subjects {args.prefix}.*-value: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f'The run goes on. The same again, with --command-id "{args.command_id}", waits for its end.', file=sys.stderr)
        return 130
    return NO_ANSWER


if __name__ == "__main__":
    sys.exit(main())
