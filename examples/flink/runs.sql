-- <prefix>.runs as tables of Flink SQL. Put in brokers, prefix, and for Avro the registry and the schema.

-- Without a schema registry: plain JSON. What an event holds stays text.
CREATE TABLE facts_json (
  `id` STRING, `fact` STRING, `threadId` STRING, `runId` STRING, `commandId` STRING, `agentId` STRING,
  `workerId` STRING, `time` BIGINT, `startedAt` BIGINT, `cause` STRING, `code` STRING, `message` STRING,
  `firstSeq` BIGINT, `lastSeq` BIGINT, `part` INT, `parts` INT,
  `events` ARRAY<ROW<`seq` BIGINT, `count` INT, `type` STRING, `time` BIGINT, `until` BIGINT, `event` STRING>>,
  `at` AS TO_TIMESTAMP_LTZ(`time`, 3),
  `arrived` AS PROCTIME()
) WITH (
  'connector' = 'kafka',
  'topic' = '${prefix}.runs',
  'properties.bootstrap.servers' = '${brokers}',
  'scan.startup.mode' = 'earliest-offset',
  -- For one answer over what is there; leave it out to follow the topic.
  'scan.bounded.mode' = 'latest-offset',
  'format' = 'json'
);

-- With one: Avro. Flink would take `fact`, an enum, for text; so it is given the schema, the one of
-- curl "$SCHEMA_REGISTRY_URL/subjects/<prefix>.runs-value/versions/latest/schema"
CREATE TABLE facts_avro (
  `version` INT NOT NULL, `id` STRING NOT NULL, `fact` STRING NOT NULL, `threadId` STRING NOT NULL,
  `runId` STRING NOT NULL, `commandId` STRING NOT NULL, `agentId` STRING NOT NULL, `workerId` STRING NOT NULL,
  `time` TIMESTAMP(3) NOT NULL, `startedAt` TIMESTAMP(3), `claimId` STRING, `cause` STRING, `code` STRING,
  `message` STRING, `firstSeq` BIGINT, `lastSeq` BIGINT, `part` INT NOT NULL, `parts` INT NOT NULL,
  `events` ARRAY<ROW<`seq` BIGINT NOT NULL, `count` INT NOT NULL, `type` STRING NOT NULL, `time` TIMESTAMP(3),
                     `until` TIMESTAMP(3), `event` STRING NOT NULL> NOT NULL> NOT NULL,
  `arrived` AS PROCTIME()
) WITH (
  'connector' = 'kafka',
  'topic' = '${prefix}.runs',
  'properties.bootstrap.servers' = '${brokers}',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = 'latest-offset',
  'format' = 'avro-confluent',
  'avro-confluent.url' = '${registry}',
  'avro-confluent.schema' = '${schema}'
);

-- Facts are published at least once: those with the same thread, id and part say the same.
CREATE VIEW facts AS
SELECT * FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY `threadId`, `id`, `part` ORDER BY `arrived`) AS copy FROM ${table}
) WHERE copy = 1;

SELECT `agentId`, `fact`, COUNT(*) AS runs, SUM(`lastSeq` - `firstSeq` + 1) AS events
FROM facts WHERE `fact` IN ('rejected', 'finished', 'failed', 'stopped') AND `part` = 0
GROUP BY `agentId`, `fact`;

SELECT f.`agentId`, e.`type`, COUNT(*) AS joined, SUM(e.`count`) AS emitted
FROM facts AS f CROSS JOIN UNNEST(f.`events`) AS e (`seq`, `count`, `type`, `time`, `until`, `event`)
GROUP BY f.`agentId`, e.`type`;
