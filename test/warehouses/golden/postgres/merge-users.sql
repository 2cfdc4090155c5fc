INSERT INTO "engageops"."users_of_engage_default" AS t (user_id, trait_set, received_at, "timestamp", id, "plan", "order")
SELECT DISTINCT ON (s.user_id COLLATE "C", s.trait_set COLLATE "C") s.user_id, s.trait_set, s.received_at, s."timestamp", s.id, s."plan", s."order"
FROM temp."stage" AS s JOIN (
  SELECT user_id, trait_set, max(received_at) AS received_at FROM temp."stage" AS s WHERE user_id IS NOT NULL AND trait_set IS NOT NULL GROUP BY user_id, trait_set
) AS newest ON newest.user_id = s.user_id AND newest.trait_set = s.trait_set AND newest.received_at = s.received_at
ORDER BY s.user_id COLLATE "C", s.trait_set COLLATE "C", s.received_at DESC, coalesce(s."timestamp", '-infinity') DESC, s.id COLLATE "C" DESC
ON CONFLICT (user_id, trait_set) DO UPDATE SET received_at = excluded.received_at, "timestamp" = excluded."timestamp", id = excluded.id, "plan" = excluded."plan", "order" = excluded."order"
WHERE ROW(excluded.received_at, coalesce(excluded."timestamp", '-infinity'), excluded.id COLLATE "C") > ROW(t.received_at, coalesce(t."timestamp", '-infinity'), t.id COLLATE "C");

WITH touched AS MATERIALIZED (
  SELECT user_id, count(*) AS "#rows" FROM "engageops"."users_of_engage_default"
  WHERE user_id IN (SELECT user_id FROM temp."stage" AS s WHERE user_id IS NOT NULL AND trait_set IS NOT NULL) GROUP BY user_id
)
INSERT INTO "engage_default"."users" AS u (id, user_id, received_at, uuid_ts, "plan", "order")
SELECT * FROM (
  SELECT r.user_id AS id, r.user_id, r.received_at, CAST('2026-03-01T00:00:00.000Z' AS timestamp with time zone), r."plan", r."order"
  FROM "engageops"."users_of_engage_default" AS r JOIN touched USING (user_id) WHERE "#rows" = 1
  UNION ALL
  SELECT r.user_id, r.user_id, max(r.received_at), CAST('2026-03-01T00:00:00.000Z' AS timestamp with time zone), (array_agg(r."plan" ORDER BY r.received_at DESC, coalesce(r."timestamp", '-infinity') DESC, r.id COLLATE "C" DESC, r.trait_set COLLATE "C" DESC) FILTER (WHERE r."plan" IS NOT NULL))[1], (array_agg(r."order" ORDER BY r.received_at DESC, coalesce(r."timestamp", '-infinity') DESC, r.id COLLATE "C" DESC, r.trait_set COLLATE "C" DESC) FILTER (WHERE r."order" IS NOT NULL))[1]
  FROM "engageops"."users_of_engage_default" AS r JOIN touched USING (user_id) WHERE "#rows" > 1 GROUP BY r.user_id
) AS r ORDER BY id COLLATE "C"
ON CONFLICT (id) DO UPDATE SET user_id = coalesce(excluded.user_id, u.user_id), received_at = greatest(excluded.received_at, u.received_at), uuid_ts = coalesce(excluded.uuid_ts, u.uuid_ts), "plan" = coalesce(excluded."plan", u."plan"), "order" = coalesce(excluded."order", u."order")
WHERE greatest(excluded.received_at, u.received_at) IS DISTINCT FROM u.received_at OR coalesce(excluded."plan", u."plan") IS DISTINCT FROM u."plan" OR coalesce(excluded."order", u."order") IS DISTINCT FROM u."order";

WITH touched AS MATERIALIZED (
  SELECT user_id, count(*) AS "#rows" FROM "engageops"."users_of_engage_default"
  WHERE user_id IN (SELECT user_id FROM temp."stage" AS s WHERE user_id IS NOT NULL AND trait_set IS NOT NULL) GROUP BY user_id
), ranked AS (
  SELECT r.*, r.ctid AS "#row", row_number() OVER (PARTITION BY user_id ORDER BY r.received_at DESC, coalesce(r."timestamp", '-infinity') DESC, r.id COLLATE "C" DESC, r.trait_set COLLATE "C" DESC) AS "#rank"
  FROM "engageops"."users_of_engage_default" AS r JOIN touched USING (user_id) WHERE "#rows" > 1
), winners AS (
  SELECT array_agg("#row" ORDER BY "#rank") AS "#all", array_remove(ARRAY[NULL::bigint, min("#rank") FILTER (WHERE "plan" IS NOT NULL), min("#rank") FILTER (WHERE "order" IS NOT NULL)], NULL) AS "#won"
  FROM ranked GROUP BY user_id
)
DELETE FROM "engageops"."users_of_engage_default" WHERE ctid = ANY (ARRAY(
  SELECT "#row" FROM winners, unnest("#all") WITH ORDINALITY AS one("#row", "#rank") WHERE "#rank" <> ALL ("#won")
));
