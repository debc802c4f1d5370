#!/usr/bin/env python3
"""Takes what is new on <prefix>.runs into Parquet with Spark Structured Streaming, and queries it with Spark SQL.

Started again it goes on where it was: neither a record is left out nor does one come twice.
"""

import argparse
import base64
import json
import os
import sys
import urllib.parse
import urllib.request
from functools import reduce

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.avro.functions import from_avro
from pyspark.sql.functions import col, expr, from_json

SPARK = "3.5.1"
PACKAGES = [f"org.apache.spark:spark-sql-kafka-0-10_2.12:{SPARK}", f"org.apache.spark:spark-avro_2.12:{SPARK}"]

# A fact in plain JSON; what an event holds stays text.
FACT = """
    id STRING, fact STRING, threadId STRING, runId STRING, commandId STRING, agentId STRING, workerId STRING,
    time BIGINT, startedAt BIGINT, cause STRING, code STRING, message STRING, firstSeq BIGINT, lastSeq BIGINT,
    part INT, parts INT,
    events ARRAY<STRUCT<seq: BIGINT, count: INT, type: STRING, time: BIGINT, until: BIGINT, event: STRING>>"""

# The columns that both formats come to. Avro has timestamps where JSON has milliseconds.
NAMES = "id fact threadId runId commandId agentId workerId cause code message firstSeq lastSeq part parts".split()
FROM_AVRO = [
    "f.time AS time",
    "f.startedAt AS startedAt",
    "transform(f.events, e -> struct(e.seq, e.count, e.type, e.time, e.until, e.event)) AS events",
]
FROM_JSON = [
    "timestamp_millis(f.time) AS time",
    "timestamp_millis(f.startedAt) AS startedAt",
    "transform(f.events, e -> struct(e.seq, e.count, e.type, timestamp_millis(e.time) AS time,"
    " timestamp_millis(e.until) AS until, e.event)) AS events",
]

VIEWS = {
    "runs": """
        SELECT threadId, runId, commandId, agentId, workerId, fact AS outcome, code, message, startedAt,
               time AS endedAt, unix_millis(time) - unix_millis(startedAt) AS durationMs,
               lastSeq - firstSeq + 1 AS events
        FROM facts WHERE fact IN ('rejected', 'finished', 'failed', 'stopped') AND part = 0""",
    "events": """
        SELECT threadId, runId, agentId, e.seq, e.count, e.type, e.time, e.until, e.event
        FROM facts LATERAL VIEW explode(events) AS e""",
}
REPORT = """
    SELECT agentId, outcome, count(*) AS runs, round(avg(durationMs)) AS meanMs, sum(events) AS events
    FROM runs GROUP BY agentId, outcome ORDER BY agentId, outcome"""

EPILOG = """\
tables for --sql:
  runs    one row a run that ended: threadId, runId, commandId, agentId, workerId, outcome, code, message,
          startedAt, endedAt, durationMs, events
  events  one row an event: threadId, runId, agentId, seq, count, type, time, until, event (JSON)
  facts   what the topic holds, without doubles

exit codes: 0 done, 1 Spark failed, 2 wrong arguments

examples:
  python runs_to_parquet.py --brokers localhost:9092 --out ./lake
  python runs_to_parquet.py --registry http://localhost:8081 --out ./lake \\
    --sql "SELECT type, count(*) AS n FROM events GROUP BY type ORDER BY n DESC" --json"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    option = parser.add_argument
    option("--out", required=True, metavar="FOLDER", help="for the Parquet files and how far they go")
    option("--sql", default=REPORT, metavar="QUERY", help="to answer in the end (default: how runs ended, by agent)")
    option("--json", action="store_true", help="one JSON object a row")
    option("--brokers", default=os.environ.get("KAFKA_BROKERS", "localhost:9092"), help="or $KAFKA_BROKERS")
    option(
        "--registry",
        default=os.environ.get("SCHEMA_REGISTRY_URL"),
        metavar="URL",
        help="or $SCHEMA_REGISTRY_URL; needed where records are in Avro",
    )
    option("--prefix", default=os.environ.get("KAR_PREFIX", "agents"), help="of the topics, or $KAR_PREFIX")
    return parser.parse_args()


class Registry:
    """The schemas by which records were written."""

    def __init__(self, url: str | None, prefix: str):
        self.url, self.subject, self.known = url, f"{prefix}.runs-value", {}

    def schema(self, schema_id: int) -> str:
        if schema_id not in self.known:
            self.known[schema_id] = self.ask(f"/schemas/ids/{schema_id}")
        return self.known[schema_id]

    def latest(self) -> str:
        return self.ask(f"/subjects/{urllib.parse.quote(self.subject, safe='')}/versions/latest")

    def ask(self, path: str) -> str:
        if self.url is None:
            raise RuntimeError("There are records in Avro: name the registry by --registry or SCHEMA_REGISTRY_URL.")
        place = urllib.parse.urlsplit(self.url)
        address = place._replace(netloc=place.netloc.rpartition("@")[2]).geturl()
        request = urllib.request.Request(address.rstrip("/") + path)
        if place.username:
            user = f"{urllib.parse.unquote(place.username)}:{urllib.parse.unquote(place.password or '')}"
            request.add_header("authorization", "Basic " + base64.b64encode(user.encode()).decode())
        with urllib.request.urlopen(request, timeout=15) as answer:
            return json.load(answer)["schema"]


def facts_of(records: DataFrame, registry: Registry) -> DataFrame:
    """Values as facts: plain JSON, or a zero byte, the id of the writer's schema in four, and the Avro."""
    header = "hex(substring(value, 1, 1)) = '00'"
    schema_id_of = "CAST(conv(hex(substring(value, 2, 4)), 16, 10) AS INT)"
    with_id = records.withColumn("schemaId", expr(f"CASE WHEN {header} THEN {schema_id_of} END"))
    ids = [row.schemaId for row in with_id.select("schemaId").distinct().collect()]
    return reduce(
        DataFrame.unionByName,
        [facts_of_schema(with_id.where(col("schemaId").eqNullSafe(each)), each, registry) for each in ids],
    )


def facts_of_schema(records: DataFrame, schema_id: int | None, registry: Registry) -> DataFrame:
    if schema_id is None:
        fact, more = from_json(col("value").cast("string"), FACT), FROM_JSON
    else:
        # Read as the latest schema has it, whichever one it was written by.
        latest = {"avroSchema": registry.latest()}
        fact, more = from_avro(expr("substring(value, 6)"), registry.schema(schema_id), latest), FROM_AVRO
    names = [f"f.{name} AS {name}" for name in NAMES]
    return records.withColumn("f", fact).selectExpr("partition", "offset", *names, *more)


def take_in(spark: SparkSession, args: argparse.Namespace) -> None:
    """All that the topic holds beyond what was taken before."""
    registry = Registry(args.registry, args.prefix)

    def write(batch: DataFrame, number: int) -> None:
        batch.persist()
        # A batch that is repeated after a crash has the same number and the same records, so it replaces itself.
        facts_of(batch, registry).write.mode("overwrite").parquet(f"{args.out}/facts/batch={number}")
        print(f"batch {number}: {batch.count()} records", file=sys.stderr)
        batch.unpersist()

    (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", args.brokers)
        .option("subscribe", f"{args.prefix}.runs")
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", 100_000)
        .load()
        .select("partition", "offset", "value")
        .writeStream.foreachBatch(write)
        .option("checkpointLocation", f"{args.out}/checkpoint")
        .trigger(availableNow=True)
        .start()
        .awaitTermination()
    )


def views(spark: SparkSession, args: argparse.Namespace) -> None:
    try:
        raw = spark.read.parquet(f"{args.out}/facts")
    except AnalysisException as error:
        raise SystemExit(f"Nothing was on {args.prefix}.runs yet, or {args.out} cannot be read: {error}") from error
    # Facts are published at least once: those with the same thread, id and part say the same.
    raw.dropDuplicates(["threadId", "id", "part"]).createOrReplaceTempView("facts")
    for name in ("runs", "events"):
        spark.sql(VIEWS[name]).createOrReplaceTempView(name)


def main() -> int:
    args = arguments()
    # Standard output is for the answer; Spark's JVM, which inherits it, tells there what it downloads.
    sys.stdout = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    spark = (
        SparkSession.builder.master("local[*]")
        .appName("runs-to-parquet")
        .config("spark.jars.packages", ",".join(PACKAGES))
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.session.timeZone", "UTC")
        # Few, for one machine: each costs a task.
        .config("spark.sql.shuffle.partitions", "4")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    try:
        take_in(spark, args)
        views(spark, args)
        answer = spark.sql(args.sql)
        if args.json:
            for row in answer.toJSON().collect():
                print(row)
        else:
            answer.show(1000, truncate=False)
        return 0
    finally:
        spark.stop()


if __name__ == "__main__":
    sys.exit(main())
