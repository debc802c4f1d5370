package example;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;

/**
 * Values in Confluent's wire format: a zero byte, the schema's id in four, the Avro. Confluent's own serializers do
 * the same; they are not on Maven Central.
 */
final class Registry {
  /** A schema and the id that it has in the registry. */
  record Registered(int id, Schema schema) {}

  private static final byte MAGIC = 0;
  private static final int HEADER_BYTES = 5;
  private static final Duration TIMEOUT = Duration.ofSeconds(15);

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
  private final ObjectMapper json = new ObjectMapper();
  private final Map<Integer, Schema> known = new HashMap<>();
  private final String url;

  Registry(String url) {
    this.url = url.replaceAll("/+$", "");
  }

  /** What values of the topic are to look like, by the latest version of its subject. */
  Registered latest(String topic) throws IOException, InterruptedException {
    JsonNode answer = ask("/subjects/" + encoded(topic + "-value") + "/versions/latest");
    Schema schema = new Schema.Parser().parse(answer.get("schema").textValue());
    return new Registered(answer.get("id").intValue(), schema);
  }

  byte[] encode(Registered registered, GenericRecord value) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(ByteBuffer.allocate(HEADER_BYTES).put(MAGIC).putInt(registered.id()).array());
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
    new GenericDatumWriter<GenericRecord>(registered.schema()).write(value, encoder);
    encoder.flush();
    return bytes.toByteArray();
  }

  /** Null where the value is not in this format: plain JSON, say. */
  GenericRecord decode(byte[] value) throws IOException, InterruptedException {
    if (value == null || value.length <= HEADER_BYTES || value[0] != MAGIC) return null;
    Schema schema = schemaOf(ByteBuffer.wrap(value).getInt(1));
    int length = value.length - HEADER_BYTES;
    return new GenericDatumReader<GenericRecord>(schema)
        .read(null, DecoderFactory.get().binaryDecoder(value, HEADER_BYTES, length, null));
  }

  private Schema schemaOf(int id) throws IOException, InterruptedException {
    Schema schema = known.get(id);
    if (schema == null) {
      schema = new Schema.Parser().parse(ask("/schemas/ids/" + id).get("schema").textValue());
      known.put(id, schema);
    }
    return schema;
  }

  private JsonNode ask(String path) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(URI.create(url + path)).timeout(TIMEOUT).build();
    HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() == 200) return json.readTree(response.body());
    throw new IOException(path + ": HTTP " + response.statusCode() + " " + response.body());
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
