package example;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

/** Carries out a file of Flink SQL in this process, as Flink's SQL client would on a cluster. */
public final class RunSql {
  private static final String HELP =
      """
      usage: java -jar run-sql.jar <file.sql> [name=value ...]

      Carries out the statements of the file in batch mode, with ${name} replaced, and prints the rows of its queries.
      Exit codes: 0 done, 1 a statement failed, 2 wrong arguments.

      example:
        java -jar target/run-sql.jar runs.sql table=facts_avro prefix=agents brokers=localhost:9092 \\
          registry=http://localhost:8081 \\
          schema="$(curl -s http://localhost:8081/subjects/agents.runs-value/versions/latest/schema)"
        java -jar target/run-sql.jar runs.sql table=facts_json prefix=agents brokers=localhost:9092""";

  public static void main(String[] args) throws Exception {
    if (args.length == 0 || List.of(args).contains("--help")) {
      System.out.println(HELP);
      System.exit(args.length == 0 ? 2 : 0);
    }
    TableEnvironment flink = TableEnvironment.create(EnvironmentSettings.inBatchMode());
    flink.getConfig().set("parallelism.default", "1");
    flink.getConfig().set("table.local-time-zone", "UTC");
    for (String statement : statements(args)) {
      TableResult result = flink.executeSql(statement);
      if (statement.startsWith("SELECT")) print(result);
    }
  }

  private static List<String> statements(String[] args) throws IOException {
    String text = Files.readString(Path.of(args[0])).replaceAll("(?m)^\\s*--.*$", "");
    for (String pair : List.of(args).subList(1, args.length)) {
      int equals = pair.indexOf('=');
      // A quote inside a string of SQL is written twice.
      String value = pair.substring(equals + 1).replace("'", "''");
      text = text.replace("${" + pair.substring(0, equals) + "}", value);
    }
    return List.of(text.split(";\\s*(\\n|$)")).stream().map(String::strip).filter(each -> !each.isEmpty()).toList();
  }

  private static void print(TableResult result) throws Exception {
    try (CloseableIterator<Row> rows = result.collect()) {
      while (rows.hasNext()) System.out.println(rows.next());
    }
  }
}
