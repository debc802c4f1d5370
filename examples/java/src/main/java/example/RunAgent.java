package example;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Starts a run of an agent by a record on {@code <prefix>.commands}, and waits for its end on {@code <prefix>.runs}.
 * What both records look like comes from the schema registry alone: nothing here knows the project's files.
 */
public final class RunAgent {
  private static final int FINISHED = 0;
  private static final int ENDED_OTHERWISE = 1;
  private static final int USAGE = 2;
  private static final int NO_ANSWER = 3;

  private static final List<String> ENDS = List.of("rejected", "finished", "failed", "stopped");
  private static final int NETWORK_TIMEOUT_MS = 15_000;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Options options;
  private final Registry registry;

  private RunAgent(Options options) {
    this.options = options;
    this.registry = new Registry(options.registry());
  }

  public static void main(String[] args) {
    if (List.of(args).contains("--help")) {
      System.out.println(Options.HELP);
      return;
    }
    System.exit(exitCode(args));
  }

  private static int exitCode(String[] args) {
    Options options;
    try {
      options = Options.of(args);
    } catch (IllegalArgumentException wrong) {
      System.err.println(wrong.getMessage() + "; --help tells all");
      return USAGE;
    }
    try {
      return new RunAgent(options).run();
    } catch (KafkaException | ExecutionException problem) {
      System.err.println("Kafka, topics " + options.prefix() + ".*: " + problem);
    } catch (IOException problem) {
      System.err.println("The schema registry, subjects " + options.prefix() + ".*-value: " + problem);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
    return NO_ANSWER;
  }

  private int run() throws IOException, InterruptedException, ExecutionException {
    // The registry first: without it nothing is sent.
    byte[] value = command();
    try (KafkaConsumer<String, byte[]> consumer = consumer()) {
      // Before the command is sent, so that nothing that it causes is missed.
      Map<TopicPartition, Long> ends = endsOfPartitions(consumer, options.prefix() + ".runs");
      // Both topics have the same keys and as many partitions, so a thread has the same number in both.
      TopicPartition place = new TopicPartition(options.prefix() + ".runs", send(value));
      consumer.assign(List.of(place));
      consumer.seek(place, ends.get(place));
      List<GenericRecord> end = endOfRun(consumer);
      return end == null ? tellOfSilence() : tell(end);
    }
  }

  /** A value of {@code <prefix>.commands}. Fields that have a default in the schema may be left out. */
  private byte[] command() throws IOException, InterruptedException {
    Registry.Registered registered = registry.latest(options.prefix() + ".commands");
    String id = options.commandId();
    // AG-UI’s RunAgentInput. The agent is given just this: a client that goes on with a conversation sends the
    // messages before, too.
    Map<String, Object> input =
        Map.of(
            "threadId", options.thread(),
            "runId", id,
            "messages", List.of(Map.of("id", id + "-message", "role", "user", "content", options.message())),
            "tools", List.of(),
            "context", List.of(),
            "state", Map.of(),
            "forwardedProps", Map.of());
    GenericRecord command =
        new GenericRecordBuilder(registered.schema())
            .set("version", 1)
            .set("commandId", id)
            .set("threadId", options.thread())
            .set("agentId", options.agent())
            .set("input", JSON.writeValueAsString(input))
            // Not begun when nobody waits any more.
            .set("ttlMs", options.timeout().toMillis())
            .set("time", System.currentTimeMillis())
            .build();
    return registry.encode(registered, command);
  }

  private KafkaConsumer<String, byte[]> consumer() {
    // No group and no commits: this reads one run's end and leaves.
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers", options.brokers(),
            "enable.auto.commit", false,
            "allow.auto.create.topics", false,
            "default.api.timeout.ms", NETWORK_TIMEOUT_MS);
    return new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer());
  }

  private static Map<TopicPartition, Long> endsOfPartitions(KafkaConsumer<?, ?> consumer, String topic) {
    List<TopicPartition> places =
        consumer.partitionsFor(topic).stream()
            .map(partition -> new TopicPartition(topic, partition.partition()))
            .toList();
    if (places.isEmpty()) throw new KafkaException("there is no topic " + topic);
    return consumer.endOffsets(places);
  }

  /** Writes the command, keyed by its thread; the partition that it went to. */
  private int send(byte[] value) throws InterruptedException, ExecutionException {
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers", options.brokers(),
            "acks", "all",
            "max.block.ms", NETWORK_TIMEOUT_MS,
            "request.timeout.ms", NETWORK_TIMEOUT_MS / 2,
            "delivery.timeout.ms", NETWORK_TIMEOUT_MS);
    try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer())) {
      String topic = options.prefix() + ".commands";
      return producer.send(new ProducerRecord<>(topic, options.thread(), value)).get().partition();
    }
  }

  /** All parts of the fact that ends the command's run, in order; null when it does not come in time. */
  private List<GenericRecord> endOfRun(KafkaConsumer<String, byte[]> consumer)
      throws IOException, InterruptedException {
    Map<Integer, GenericRecord> parts = new TreeMap<>();
    long deadline = System.nanoTime() + options.timeout().toNanos();
    while (System.nanoTime() < deadline) {
      for (ConsumerRecord<String, byte[]> message : consumer.poll(Duration.ofMillis(500))) {
        if (!options.thread().equals(message.key())) continue;
        GenericRecord fact = registry.decode(message.value());
        if (fact == null || !options.commandId().equals(text(fact, "commandId"))) continue;
        if (!ENDS.contains(text(fact, "fact"))) {
          System.err.printf("%-9s by %s%n", text(fact, "fact"), text(fact, "workerId"));
          continue;
        }
        // Facts come at least once: a part that is told again is the same.
        parts.put((Integer) fact.get("part"), fact);
        if (parts.size() == (Integer) fact.get("parts")) return List.copyOf(parts.values());
      }
    }
    return null;
  }

  private static int tell(List<GenericRecord> parts) throws JsonProcessingException {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    GenericRecord end = parts.get(parts.size() - 1);
    String code = text(end, "code");
    String fact = text(end, "fact");
    out.println(code.isEmpty() ? fact : fact + ": " + code + " " + text(end, "message"));
    for (StringBuilder said : textsOf(parts)) out.println(said);
    return fact.equals("finished") ? FINISHED : ENDED_OTHERWISE;
  }

  private int tellOfSilence() {
    System.err.printf(
        "Run \"%s\" has not ended within %d s. Is a worker up? See \"kar status\", and %s.dead-letter.%n",
        options.commandId(), options.timeout().toSeconds(), options.prefix());
    return NO_ANSWER;
  }

  /** What the assistant said, message by message. */
  private static Iterable<StringBuilder> textsOf(List<GenericRecord> parts) throws JsonProcessingException {
    Map<String, StringBuilder> texts = new LinkedHashMap<>();
    Map<String, String> roles = new HashMap<>();
    String current = "";
    for (GenericRecord part : parts) {
      for (Object item : (List<?>) part.get("events")) {
        GenericRecord told = (GenericRecord) item;
        if (!text(told, "type").matches("TEXT_MESSAGE_(START|CONTENT|CHUNK)")) continue;
        JsonNode event = JSON.readTree(text(told, "event"));
        // A chunk without an id goes on with the message before.
        current = event.path("messageId").asText(current);
        roles.putIfAbsent(current, event.path("role").asText("assistant"));
        if (roles.get(current).equals("assistant"))
          texts.computeIfAbsent(current, id -> new StringBuilder()).append(event.path("delta").asText(""));
      }
    }
    return texts.values();
  }

  /** Avro's strings are no Java strings, and its enums are their own. */
  private static String text(GenericRecord value, String field) {
    Object given = value.get(field);
    return given == null ? "" : given.toString();
  }
}
