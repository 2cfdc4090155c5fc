CREATE TEMP TABLE "eo_replacements" AS
SELECT __s."user_id" AS "user_id", __s."trait_set" AS "trait_set", __s."received_at" AS "received_at", __s."timestamp" AS "timestamp", __s."id" AS "id", __s."plan" AS "plan", __s."order" AS "order", CASE WHEN __t."user_id" IS NULL THEN 1 ELSE 0 END AS "__is_new"
FROM (
SELECT "user_id", "trait_set", "received_at", "timestamp", "id", "plan", "order" FROM (
  SELECT "user_id", "trait_set", "received_at", "timestamp", "id", "plan", "order", row_number() OVER (PARTITION BY "user_id", "trait_set" ORDER BY __r."received_at" DESC NULLS LAST, __r."timestamp" DESC NULLS LAST, __r."id" DESC NULLS LAST) AS "__rank"
  FROM temp."stage" AS __r WHERE "user_id" IS NOT NULL AND "trait_set" IS NOT NULL
) AS __r WHERE "__rank" = 1
) AS __s LEFT JOIN "engageops"."users_of_engage_default" AS __t ON __s."user_id" = __t."user_id" AND __s."trait_set" = __t."trait_set"
WHERE __t."user_id" IS NULL OR CASE WHEN __s."received_at" IS NOT NULL AND __t."received_at" IS NULL THEN 1 WHEN __s."received_at" IS NULL AND __t."received_at" IS NOT NULL THEN 0 WHEN __s."received_at" > __t."received_at" THEN 1 WHEN __s."received_at" < __t."received_at" THEN 0 WHEN __s."timestamp" IS NOT NULL AND __t."timestamp" IS NULL THEN 1 WHEN __s."timestamp" IS NULL AND __t."timestamp" IS NOT NULL THEN 0 WHEN __s."timestamp" > __t."timestamp" THEN 1 WHEN __s."timestamp" < __t."timestamp" THEN 0 WHEN __s."id" IS NOT NULL AND __t."id" IS NULL THEN 1 WHEN __s."id" IS NULL AND __t."id" IS NOT NULL THEN 0 WHEN __s."id" > __t."id" THEN 1 WHEN __s."id" < __t."id" THEN 0 ELSE 0 END = 1;

UPDATE "engageops"."users_of_engage_default" AS __t SET "received_at" = __r."received_at", "timestamp" = __r."timestamp", "id" = __r."id", "plan" = __r."plan", "order" = __r."order"
FROM "eo_replacements" AS __r WHERE __r."user_id" = __t."user_id" AND __r."trait_set" = __t."trait_set" AND __r."__is_new" = 0;

INSERT INTO "engageops"."users_of_engage_default" ("user_id", "trait_set", "received_at", "timestamp", "id", "plan", "order")
SELECT "user_id", "trait_set", "received_at", "timestamp", "id", "plan", "order" FROM "eo_replacements" WHERE "__is_new" = 1;

DROP TABLE "eo_replacements";

CREATE TEMP TABLE "eo_replacements" AS
SELECT __s."id" AS "id", __s."user_id" AS "user_id", CASE WHEN __t."received_at" > __s."received_at" THEN __t."received_at" ELSE __s."received_at" END AS "received_at", CAST('2026-03-01T00:00:00.000Z' AS timestamp with time zone) AS "uuid_ts", coalesce(__s."plan", __t."plan") AS "plan", coalesce(__s."order", __t."order") AS "order", CASE WHEN __t."id" IS NULL THEN 1 ELSE 0 END AS "__is_new"
FROM (
WITH __ranked AS (
  SELECT "user_id", "trait_set", "received_at", "plan", "order", row_number() OVER (PARTITION BY "user_id" ORDER BY __t."received_at" DESC NULLS LAST, __t."timestamp" DESC NULLS LAST, __t."id" DESC NULLS LAST, __t."trait_set" DESC NULLS LAST) AS "__rank"
  FROM "engageops"."users_of_engage_default" AS __t WHERE "user_id" IN (SELECT "user_id" FROM temp."stage" AS __m WHERE "user_id" IS NOT NULL AND "trait_set" IS NOT NULL)
), __given AS (
  SELECT "user_id", max("received_at") AS "received_at", count(*) AS "__rows", min(CASE WHEN "plan" IS NOT NULL THEN "__rank" END) AS "__giver_0", min(CASE WHEN "order" IS NOT NULL THEN "__rank" END) AS "__giver_1"
  FROM __ranked GROUP BY "user_id"
)
SELECT __p0."user_id" AS "id", __p0."user_id", __p0."received_at", "plan", "order"
FROM (
  SELECT __g."user_id", __g."received_at", max(CASE WHEN __r."__rank" = __g."__giver_0" THEN __r."plan" END) AS "plan", max(CASE WHEN __r."__rank" = __g."__giver_1" THEN __r."order" END) AS "order"
  FROM __ranked AS __r JOIN __given AS __g ON __r."user_id" = __g."user_id"
  GROUP BY __g."user_id", __g."received_at"
) AS __p0
) AS __s LEFT JOIN "engage_default"."users" AS __t ON __s."id" = __t."id"
WHERE __t."id" IS NULL OR CASE WHEN __t."received_at" IS NULL OR __s."received_at" > __t."received_at" THEN 1 WHEN __s."plan" IS NOT NULL AND __t."plan" IS NULL THEN 1 WHEN __s."plan" <> __t."plan" THEN 1 WHEN octet_length(__s."plan") <> octet_length(__t."plan") THEN 1 WHEN __s."order" IS NOT NULL AND __t."order" IS NULL THEN 1 WHEN CAST(__s."order" AS character varying(64)) <> CAST(__t."order" AS character varying(64)) THEN 1 ELSE 0 END = 1;

UPDATE "engage_default"."users" AS __t SET "user_id" = __r."user_id", "received_at" = __r."received_at", "uuid_ts" = __r."uuid_ts", "plan" = __r."plan", "order" = __r."order"
FROM "eo_replacements" AS __r WHERE __r."id" = __t."id" AND __r."__is_new" = 0;

INSERT INTO "engage_default"."users" ("id", "user_id", "received_at", "uuid_ts", "plan", "order")
SELECT "id", "user_id", "received_at", "uuid_ts", "plan", "order" FROM "eo_replacements" WHERE "__is_new" = 1;

DROP TABLE "eo_replacements";

CREATE TEMP TABLE "eo_removals" AS
WITH __ranked AS (
  SELECT "user_id", "trait_set", "received_at", "plan", "order", row_number() OVER (PARTITION BY "user_id" ORDER BY __t."received_at" DESC NULLS LAST, __t."timestamp" DESC NULLS LAST, __t."id" DESC NULLS LAST, __t."trait_set" DESC NULLS LAST) AS "__rank"
  FROM "engageops"."users_of_engage_default" AS __t WHERE "user_id" IN (SELECT "user_id" FROM temp."stage" AS __m WHERE "user_id" IS NOT NULL AND "trait_set" IS NOT NULL)
), __given AS (
  SELECT "user_id", max("received_at") AS "received_at", count(*) AS "__rows", min(CASE WHEN "plan" IS NOT NULL THEN "__rank" END) AS "__giver_0", min(CASE WHEN "order" IS NOT NULL THEN "__rank" END) AS "__giver_1"
  FROM __ranked GROUP BY "user_id"
)
SELECT __r."user_id", __r."trait_set"
FROM __ranked AS __r JOIN __given AS __g ON __r."user_id" = __g."user_id"
WHERE __g."__rows" > 1 AND CASE WHEN __r."__rank" = __g."__giver_0" THEN 0 WHEN __r."__rank" = __g."__giver_1" THEN 0 ELSE 1 END = 1;

DELETE FROM "engageops"."users_of_engage_default" USING "eo_removals" AS __r WHERE __r."user_id" = "engageops"."users_of_engage_default"."user_id" AND __r."trait_set" = "engageops"."users_of_engage_default"."trait_set";

DROP TABLE "eo_removals";
