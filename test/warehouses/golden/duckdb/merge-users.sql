MERGE INTO "engageops"."users_of_engage_default" AS t USING (
  SELECT user_id, trait_set, received_at, "timestamp", id, "plan", "order" FROM temp."stage" AS s WHERE user_id IS NOT NULL AND trait_set IS NOT NULL
  QUALIFY row_number() OVER (PARTITION BY user_id, trait_set ORDER BY row(s.received_at, coalesce(s."timestamp", TIMESTAMP '-infinity'), s.id) DESC) = 1
) AS s ON t.user_id = s.user_id AND t.trait_set = s.trait_set
WHEN MATCHED AND row(s.received_at, coalesce(s."timestamp", TIMESTAMP '-infinity'), s.id) > row(t.received_at, coalesce(t."timestamp", TIMESTAMP '-infinity'), t.id) THEN UPDATE SET received_at = s.received_at, "timestamp" = s."timestamp", id = s.id, "plan" = s."plan", "order" = s."order"
WHEN NOT MATCHED THEN INSERT (user_id, trait_set, received_at, "timestamp", id, "plan", "order") VALUES (s.user_id, s.trait_set, s.received_at, s."timestamp", s.id, s."plan", s."order");

MERGE INTO "engage_default"."users" AS u USING (
  WITH ranked AS (
  SELECT t.*, t.rowid AS "#row", row_number() OVER (PARTITION BY user_id ORDER BY row(t.received_at, coalesce(t."timestamp", TIMESTAMP '-infinity'), t.id), trait_set) AS "#rank"
  FROM "engageops"."users_of_engage_default" AS t WHERE user_id IN (SELECT user_id FROM temp."stage" AS s WHERE user_id IS NOT NULL AND trait_set IS NOT NULL)
)
  SELECT user_id, max(received_at) AS received_at, arg_max("plan", "#rank") AS "plan", arg_max("order", "#rank") AS "order"
  FROM ranked GROUP BY user_id
) AS s ON u.id = s.user_id
WHEN MATCHED AND (greatest(s.received_at, u.received_at) IS DISTINCT FROM u.received_at OR coalesce(s."plan", u."plan") IS DISTINCT FROM u."plan" OR coalesce(s."order", u."order") IS DISTINCT FROM u."order")
THEN UPDATE SET user_id = s.user_id, uuid_ts = CAST('2026-03-01T00:00:00.000Z' AS TIMESTAMP), received_at = greatest(s.received_at, u.received_at), "plan" = coalesce(s."plan", u."plan"), "order" = coalesce(s."order", u."order")
WHEN NOT MATCHED THEN INSERT (id, user_id, received_at, uuid_ts, "plan", "order")
VALUES (s.user_id, s.user_id, s.received_at, CAST('2026-03-01T00:00:00.000Z' AS TIMESTAMP), s."plan", s."order");

DELETE FROM "engageops"."users_of_engage_default" WHERE rowid IN (
  WITH ranked AS (
  SELECT t.*, t.rowid AS "#row", row_number() OVER (PARTITION BY user_id ORDER BY row(t.received_at, coalesce(t."timestamp", TIMESTAMP '-infinity'), t.id), trait_set) AS "#rank"
  FROM "engageops"."users_of_engage_default" AS t WHERE user_id IN (SELECT user_id FROM temp."stage" AS s WHERE user_id IS NOT NULL AND trait_set IS NOT NULL)
), winners AS (
    SELECT user_id, [max(CASE WHEN "plan" IS NOT NULL THEN "#rank" END), max(CASE WHEN "order" IS NOT NULL THEN "#rank" END)] AS "#ranks" FROM ranked GROUP BY user_id HAVING count(*) > 1
  )
  SELECT "#row" FROM ranked JOIN winners USING (user_id) WHERE NOT list_contains("#ranks", "#rank")
);
