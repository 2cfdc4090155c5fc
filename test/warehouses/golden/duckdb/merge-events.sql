CREATE OR REPLACE TEMP TABLE temp.eo_conflicts AS
SELECT id FROM temp."stage" WHERE "to_identifies" GROUP BY id HAVING count(*) > 1
UNION
SELECT id FROM "engage_default"."audience_entered" WHERE id IN (SELECT id FROM temp."stage" WHERE "to_identifies");

WITH newest AS (
  SELECT * FROM (SELECT "id", "received_at", "user_id", "plan", "order" FROM temp."stage" WHERE "to_identifies") AS s WHERE id IN (SELECT id FROM temp.eo_conflicts)
  QUALIFY row_number() OVER (PARTITION BY id ORDER BY received_at DESC NULLS LAST, row(0, coalesce('=' || CAST(s."order" AS VARCHAR), ''), coalesce('=' || CAST(s."plan" AS VARCHAR), ''), coalesce('=' || CAST(s."user_id" AS VARCHAR), '')) DESC) = 1
)
UPDATE "engage_default"."audience_entered" AS t SET "received_at" = s."received_at", "user_id" = s."user_id", "plan" = s."plan", "order" = s."order", uuid_ts = CAST('2026-03-01T00:00:00.000Z' AS TIMESTAMP)
FROM newest AS s
WHERE t.id = s.id AND (
  t.received_at IS NULL OR s.received_at > t.received_at
  OR (s.received_at = t.received_at AND row(0, coalesce('=' || CAST(s."order" AS VARCHAR), ''), coalesce('=' || CAST(s."plan" AS VARCHAR), ''), coalesce('=' || CAST(s."user_id" AS VARCHAR), '')) > row(0, coalesce('=' || CAST(t."order" AS VARCHAR), ''), coalesce('=' || CAST(t."plan" AS VARCHAR), ''), coalesce('=' || CAST(t."user_id" AS VARCHAR), '')))
);

INSERT INTO "engage_default"."audience_entered" ("id", "received_at", "user_id", "plan", "order", uuid_ts)
WITH newest AS (
  SELECT * FROM (SELECT "id", "received_at", "user_id", "plan", "order" FROM temp."stage" WHERE "to_identifies") AS s WHERE id IN (SELECT id FROM temp.eo_conflicts)
  QUALIFY row_number() OVER (PARTITION BY id ORDER BY received_at DESC NULLS LAST, row(0, coalesce('=' || CAST(s."order" AS VARCHAR), ''), coalesce('=' || CAST(s."plan" AS VARCHAR), ''), coalesce('=' || CAST(s."user_id" AS VARCHAR), '')) DESC) = 1
)
SELECT "id", "received_at", "user_id", "plan", "order", CAST('2026-03-01T00:00:00.000Z' AS TIMESTAMP) FROM newest
WHERE id NOT IN (SELECT id FROM "engage_default"."audience_entered" WHERE id IN (SELECT id FROM temp.eo_conflicts));

INSERT INTO "engage_default"."audience_entered" ("id", "received_at", "user_id", "plan", "order", uuid_ts)
SELECT "id", "received_at", "user_id", "plan", "order", CAST('2026-03-01T00:00:00.000Z' AS TIMESTAMP) FROM (SELECT * FROM temp."stage" WHERE "to_identifies") WHERE id NOT IN (SELECT id FROM temp.eo_conflicts);

DROP TABLE temp.eo_conflicts;
