package example;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** What the command line and the environment say. */
record Options(
    String agent,
    String thread,
    String message,
    String commandId,
    Duration timeout,
    String brokers,
    String registry,
    String prefix) {

  static final String HELP =
      """
      usage: java -jar run-agent.jar --agent ID --thread ID --message TEXT [options]

      Starts a run of an agent by a record on <prefix>.commands, and waits for its end on <prefix>.runs.

        --agent ID         an agent that the workers know
        --thread ID        the conversation; it begins with its first run
        --message TEXT     what the user says
        --command-id ID    the same again starts nothing (default: a new one)
        --timeout SECONDS  to wait for the end (default: 120)
        --brokers BROKERS  or $KAFKA_BROKERS (default: localhost:9092)
        --registry URL     or $SCHEMA_REGISTRY_URL (default: http://localhost:8081)
        --prefix PREFIX    of the topics, or $KAR_PREFIX (default: agents)
        --help

      exit codes:
        0  the run finished
        1  it failed, was stopped, or was rejected (THREAD_BUSY, UNKNOWN_AGENT, ...)
        2  wrong arguments
        3  no answer within --timeout, or Kafka or the registry cannot be reached

      examples:
        java -jar target/run-agent.jar --brokers localhost:9092 --registry http://localhost:8081 \\
          --agent demo --thread t1 --message "How far is the moon?"
        # the same command id again starts nothing: it tells how that run ended
        java -jar target/run-agent.jar --agent demo --thread t1 --message "Invoice 7 is late" \\
          --command-id invoice-7-late

      Avro only: the workers have to know the registry too (SCHEMA_REGISTRY_URL).""";

  private static final List<String> NAMES =
      List.of(
          "agent", "thread", "message", "command-id", "timeout", "brokers", "registry", "prefix");

  /** @throws IllegalArgumentException with what is wrong */
  static Options of(String[] args) {
    Map<String, String> given = new HashMap<>();
    for (int at = 0; at < args.length; at += 2) {
      String name = args[at].startsWith("--") ? args[at].substring(2) : "";
      if (!NAMES.contains(name)) throw new IllegalArgumentException("unknown argument: " + args[at]);
      if (at + 1 == args.length) throw new IllegalArgumentException(args[at] + " needs a value");
      given.put(name, args[at + 1]);
    }
    return new Options(
        required(given, "agent"),
        required(given, "thread"),
        required(given, "message"),
        given.getOrDefault("command-id", UUID.randomUUID().toString()),
        seconds(given.getOrDefault("timeout", "120")),
        or(given, "brokers", "KAFKA_BROKERS", "localhost:9092"),
        or(given, "registry", "SCHEMA_REGISTRY_URL", "http://localhost:8081"),
        or(given, "prefix", "KAR_PREFIX", "agents"));
  }

  private static String required(Map<String, String> given, String name) {
    if (given.containsKey(name)) return given.get(name);
    throw new IllegalArgumentException("--" + name + " is required");
  }

  private static String or(
      Map<String, String> given, String name, String variable, String otherwise) {
    String value = given.getOrDefault(name, System.getenv(variable));
    return value == null ? otherwise : value;
  }

  private static Duration seconds(String text) {
    if (text.matches("[1-9][0-9]{0,6}")) return Duration.ofSeconds(Long.parseLong(text));
    throw new IllegalArgumentException("--timeout is a whole number of seconds, not " + text);
  }
}
