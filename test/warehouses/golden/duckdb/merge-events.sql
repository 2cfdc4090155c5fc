CREATE OR REPLACE TEMP TABLE temp.eo_conflicts AS
SELECT id FROM temp."stage" WHERE "to_identifies" GROUP BY id HAVING count(*) > 1
UNION
SELECT id FROM "engage_default"."audience_entered" WHERE id IN (SELECT id FROM temp."stage" WHERE "to_identifies");

CREATE OR REPLACE TEMP TABLE temp.eo_replacements AS
SELECT t.* REPLACE (s."id" AS "id", s."received_at" AS "received_at", s."user_id" AS "user_id", s."plan" AS "plan", s."order" AS "order", CAST('2026-03-01T00:00:00.000Z' AS TIMESTAMP) AS uuid_ts), t.rowid AS "#row"
FROM (
  SELECT * FROM (SELECT "id", "received_at", "user_id", "plan", "order" FROM temp."stage" WHERE "to_identifies") AS s WHERE id IN (SELECT id FROM temp.eo_conflicts)
  QUALIFY row_number() OVER (PARTITION BY id ORDER BY received_at DESC NULLS LAST, row(0, coalesce('=' || CAST(s."order" AS VARCHAR), ''), coalesce('=' || CAST(s."plan" AS VARCHAR), ''), coalesce('=' || CAST(s."user_id" AS VARCHAR), '')) DESC) = 1
) AS s LEFT JOIN "engage_default"."audience_entered" AS t ON s.id = t.id AND t.id IN (SELECT id FROM temp.eo_conflicts)
WHERE t.rowid IS NULL OR t.received_at IS NULL OR s.received_at > t.received_at
  OR (s.received_at = t.received_at AND row(0, coalesce('=' || CAST(s."order" AS VARCHAR), ''), coalesce('=' || CAST(s."plan" AS VARCHAR), ''), coalesce('=' || CAST(s."user_id" AS VARCHAR), '')) > row(0, coalesce('=' || CAST(t."order" AS VARCHAR), ''), coalesce('=' || CAST(t."plan" AS VARCHAR), ''), coalesce('=' || CAST(t."user_id" AS VARCHAR), '')));

DELETE FROM "engage_default"."audience_entered" WHERE rowid IN (SELECT "#row" FROM temp.eo_replacements);

INSERT INTO "engage_default"."audience_entered" BY NAME SELECT * EXCLUDE ("#row") FROM temp.eo_replacements WHERE "#row" IS NOT NULL;

INSERT INTO "engage_default"."audience_entered" ("id", "received_at", "user_id", "plan", "order", uuid_ts) SELECT "id", "received_at", "user_id", "plan", "order", uuid_ts FROM temp.eo_replacements WHERE "#row" IS NULL;

DROP TABLE temp.eo_replacements;

INSERT INTO "engage_default"."audience_entered" ("id", "received_at", "user_id", "plan", "order", uuid_ts)
SELECT "id", "received_at", "user_id", "plan", "order", CAST('2026-03-01T00:00:00.000Z' AS TIMESTAMP) FROM (SELECT * FROM temp."stage" WHERE "to_identifies") WHERE id NOT IN (SELECT id FROM temp.eo_conflicts);

DROP TABLE temp.eo_conflicts;
