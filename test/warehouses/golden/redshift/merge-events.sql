CREATE TEMP TABLE "eo_replacements" AS
SELECT __s."id" AS "id", __s."received_at" AS "received_at", __s."user_id" AS "user_id", __s."plan" AS "plan", __s."order" AS "order", CAST('2026-03-01T00:00:00.000Z' AS timestamp with time zone) AS "uuid_ts", CASE WHEN __t."id" IS NULL THEN 1 ELSE 0 END AS "__is_new"
FROM (
SELECT "id", "received_at", "user_id", "plan", "order" FROM (
  SELECT "id", "received_at", "user_id", "plan", "order", row_number() OVER (PARTITION BY "id" ORDER BY __r."received_at" DESC NULLS LAST, CAST(__r."order" AS character varying(64)) DESC NULLS LAST, __r."plan" DESC NULLS LAST, octet_length(__r."plan") DESC NULLS LAST, __r."user_id" DESC NULLS LAST, octet_length(__r."user_id") DESC NULLS LAST) AS "__rank"
  FROM temp."stage" AS __r WHERE "to_identifies"
) AS __r WHERE "__rank" = 1
) AS __s LEFT JOIN "engage_default"."audience_entered" AS __t ON __s."id" = __t."id"
WHERE __t."id" IS NULL OR CASE WHEN __s."received_at" IS NOT NULL AND __t."received_at" IS NULL THEN 1 WHEN __s."received_at" IS NULL AND __t."received_at" IS NOT NULL THEN 0 WHEN __s."received_at" > __t."received_at" THEN 1 WHEN __s."received_at" < __t."received_at" THEN 0 WHEN CAST(__s."order" AS character varying(64)) IS NOT NULL AND CAST(__t."order" AS character varying(64)) IS NULL THEN 1 WHEN CAST(__s."order" AS character varying(64)) IS NULL AND CAST(__t."order" AS character varying(64)) IS NOT NULL THEN 0 WHEN CAST(__s."order" AS character varying(64)) > CAST(__t."order" AS character varying(64)) THEN 1 WHEN CAST(__s."order" AS character varying(64)) < CAST(__t."order" AS character varying(64)) THEN 0 WHEN __s."plan" IS NOT NULL AND __t."plan" IS NULL THEN 1 WHEN __s."plan" IS NULL AND __t."plan" IS NOT NULL THEN 0 WHEN __s."plan" > __t."plan" THEN 1 WHEN __s."plan" < __t."plan" THEN 0 WHEN octet_length(__s."plan") > octet_length(__t."plan") THEN 1 WHEN octet_length(__s."plan") < octet_length(__t."plan") THEN 0 WHEN __s."user_id" IS NOT NULL AND __t."user_id" IS NULL THEN 1 WHEN __s."user_id" IS NULL AND __t."user_id" IS NOT NULL THEN 0 WHEN __s."user_id" > __t."user_id" THEN 1 WHEN __s."user_id" < __t."user_id" THEN 0 WHEN octet_length(__s."user_id") > octet_length(__t."user_id") THEN 1 WHEN octet_length(__s."user_id") < octet_length(__t."user_id") THEN 0 ELSE 0 END = 1;

UPDATE "engage_default"."audience_entered" AS __t SET "received_at" = __r."received_at", "user_id" = __r."user_id", "plan" = __r."plan", "order" = __r."order", "uuid_ts" = __r."uuid_ts"
FROM "eo_replacements" AS __r WHERE __r."id" = __t."id" AND __r."__is_new" = 0;

INSERT INTO "engage_default"."audience_entered" ("id", "received_at", "user_id", "plan", "order", "uuid_ts")
SELECT "id", "received_at", "user_id", "plan", "order", "uuid_ts" FROM "eo_replacements" WHERE "__is_new" = 1;

DROP TABLE "eo_replacements";
