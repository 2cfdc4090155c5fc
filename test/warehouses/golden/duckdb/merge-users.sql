CREATE OR REPLACE TEMP TABLE temp.eo_replacements AS
SELECT t.* REPLACE (s.user_id AS user_id, s.trait_set AS trait_set, s.received_at AS received_at, s."timestamp" AS "timestamp", s.id AS id, s."plan" AS "plan", s."order" AS "order"), t.rowid AS "#row"
FROM (
  SELECT user_id, trait_set, received_at, "timestamp", id, "plan", "order" FROM temp."stage" AS s WHERE user_id IS NOT NULL AND trait_set IS NOT NULL
  QUALIFY row_number() OVER (PARTITION BY user_id, trait_set ORDER BY row(s.received_at, coalesce(s."timestamp", TIMESTAMP '-infinity'), s.id) DESC) = 1
) AS s LEFT JOIN "engageops"."users_of_engage_default" AS t ON t.user_id = s.user_id AND t.trait_set = s.trait_set
WHERE t.rowid IS NULL OR row(s.received_at, coalesce(s."timestamp", TIMESTAMP '-infinity'), s.id) > row(t.received_at, coalesce(t."timestamp", TIMESTAMP '-infinity'), t.id);

DELETE FROM "engageops"."users_of_engage_default" WHERE rowid IN (SELECT "#row" FROM temp.eo_replacements);

INSERT INTO "engageops"."users_of_engage_default" BY NAME SELECT * EXCLUDE ("#row") FROM temp.eo_replacements WHERE "#row" IS NOT NULL;

INSERT INTO "engageops"."users_of_engage_default" (user_id, trait_set, received_at, "timestamp", id, "plan", "order") SELECT user_id, trait_set, received_at, "timestamp", id, "plan", "order" FROM temp.eo_replacements WHERE "#row" IS NULL;

DROP TABLE temp.eo_replacements;

CREATE OR REPLACE TEMP TABLE temp.eo_replacements AS
SELECT t.* REPLACE (s.user_id AS id, s.user_id AS user_id, CAST('2026-03-01T00:00:00.000Z' AS TIMESTAMP) AS uuid_ts, greatest(s.received_at, t.received_at) AS received_at, coalesce(s."plan", t."plan") AS "plan", coalesce(s."order", t."order") AS "order"), t.rowid AS "#row"
FROM (
  WITH ranked AS (
  SELECT t.*, t.rowid AS "#row", row_number() OVER (PARTITION BY user_id ORDER BY row(t.received_at, coalesce(t."timestamp", TIMESTAMP '-infinity'), t.id), trait_set) AS "#rank"
  FROM "engageops"."users_of_engage_default" AS t WHERE user_id IN (SELECT user_id FROM temp."stage" AS s WHERE user_id IS NOT NULL AND trait_set IS NOT NULL)
)
  SELECT user_id, max(received_at) AS received_at, arg_max("plan", "#rank") AS "plan", arg_max("order", "#rank") AS "order"
  FROM ranked GROUP BY user_id
) AS s LEFT JOIN "engage_default"."users" AS t ON t.id = s.user_id
WHERE t.rowid IS NULL OR greatest(s.received_at, t.received_at) IS DISTINCT FROM t.received_at OR coalesce(s."plan", t."plan") IS DISTINCT FROM t."plan" OR coalesce(s."order", t."order") IS DISTINCT FROM t."order";

DELETE FROM "engage_default"."users" WHERE rowid IN (SELECT "#row" FROM temp.eo_replacements);

INSERT INTO "engage_default"."users" BY NAME SELECT * EXCLUDE ("#row") FROM temp.eo_replacements WHERE "#row" IS NOT NULL;

INSERT INTO "engage_default"."users" (id, user_id, uuid_ts, received_at, "plan", "order") SELECT id, user_id, uuid_ts, received_at, "plan", "order" FROM temp.eo_replacements WHERE "#row" IS NULL;

DROP TABLE temp.eo_replacements;

DELETE FROM "engageops"."users_of_engage_default" WHERE rowid IN (
  WITH ranked AS (
  SELECT t.*, t.rowid AS "#row", row_number() OVER (PARTITION BY user_id ORDER BY row(t.received_at, coalesce(t."timestamp", TIMESTAMP '-infinity'), t.id), trait_set) AS "#rank"
  FROM "engageops"."users_of_engage_default" AS t WHERE user_id IN (SELECT user_id FROM temp."stage" AS s WHERE user_id IS NOT NULL AND trait_set IS NOT NULL)
), winners AS (
    SELECT user_id, [max(CASE WHEN "plan" IS NOT NULL THEN "#rank" END), max(CASE WHEN "order" IS NOT NULL THEN "#rank" END)] AS "#ranks" FROM ranked GROUP BY user_id HAVING count(*) > 1
  )
  SELECT "#row" FROM ranked JOIN winners USING (user_id) WHERE NOT list_contains("#ranks", "#rank")
);
