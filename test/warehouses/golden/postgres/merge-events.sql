WITH meant AS NOT MATERIALIZED (
  SELECT "id", "received_at", "user_id", "plan", "order" FROM temp."stage" WHERE "to_identifies"
), duplicates AS MATERIALIZED (
  SELECT id FROM meant GROUP BY id HAVING count(*) > 1
), newest AS (
  SELECT * FROM meant AS s WHERE NOT EXISTS (SELECT 1 FROM duplicates AS d WHERE d.id = s.id)
  UNION ALL
  (SELECT DISTINCT ON (s.id) s.* FROM meant AS s JOIN duplicates AS d ON d.id = s.id
   ORDER BY s.id, s.received_at DESC NULLS LAST, ROW(0, coalesce('=' || s."order"::text, '') COLLATE "C", coalesce('=' || s."plan"::text, '') COLLATE "C", coalesce('=' || s."user_id"::text, '') COLLATE "C") DESC)
)
INSERT INTO "engage_default"."audience_entered" AS t ("id", "received_at", "user_id", "plan", "order", uuid_ts)
SELECT "id", "received_at", "user_id", "plan", "order", CAST('2026-03-01T00:00:00.000Z' AS timestamp with time zone) FROM newest ORDER BY id COLLATE "C"
ON CONFLICT (id) DO UPDATE SET "received_at" = excluded."received_at", "user_id" = excluded."user_id", "plan" = excluded."plan", "order" = excluded."order", uuid_ts = excluded.uuid_ts
WHERE t.received_at IS NULL OR excluded.received_at > t.received_at
  OR (excluded.received_at = t.received_at AND ROW(0, coalesce('=' || excluded."order"::text, '') COLLATE "C", coalesce('=' || excluded."plan"::text, '') COLLATE "C", coalesce('=' || excluded."user_id"::text, '') COLLATE "C") > ROW(0, coalesce('=' || t."order"::text, '') COLLATE "C", coalesce('=' || t."plan"::text, '') COLLATE "C", coalesce('=' || t."user_id"::text, '') COLLATE "C"));
