CREATE TEMP TABLE "eo_replacements" AS
SELECT __s."id" AS "id", __s."received_at" AS "received_at", CAST('2026-03-01T00:00:00.000Z' AS timestamp with time zone) AS "uuid_ts", CASE WHEN __t."id" IS NULL THEN 1 ELSE 0 END AS "__is_new"
FROM (
SELECT "id", "received_at" FROM (
  SELECT "id", "received_at", row_number() OVER (PARTITION BY "id" ORDER BY __r."received_at" DESC NULLS LAST) AS "__rank"
  FROM "eo_stage_1" AS __r
) AS __r WHERE "__rank" = 1
) AS __s LEFT JOIN "engage_default"."audience_entered" AS __t ON __s."id" = __t."id" AND __t."received_at" >= CAST('2026-01-01T00:00:00.000Z' AS timestamp with time zone) AND __t."received_at" <= CAST('2026-03-01T00:00:00.000Z' AS timestamp with time zone)
WHERE __t."id" IS NULL OR CASE WHEN __s."received_at" IS NOT NULL AND __t."received_at" IS NULL THEN 1 WHEN __s."received_at" IS NULL AND __t."received_at" IS NOT NULL THEN 0 WHEN __s."received_at" > __t."received_at" THEN 1 WHEN __s."received_at" < __t."received_at" THEN 0 ELSE 0 END = 1;

UPDATE "engage_default"."audience_entered" AS __t SET "received_at" = __r."received_at", "uuid_ts" = __r."uuid_ts"
FROM "eo_replacements" AS __r WHERE __r."id" = __t."id" AND __t."received_at" >= CAST('2026-01-01T00:00:00.000Z' AS timestamp with time zone) AND __t."received_at" <= CAST('2026-03-01T00:00:00.000Z' AS timestamp with time zone) AND __r."__is_new" = 0;

INSERT INTO "engage_default"."audience_entered" ("id", "received_at", "uuid_ts")
SELECT "id", "received_at", "uuid_ts" FROM "eo_replacements" WHERE "__is_new" = 1;

DROP TABLE "eo_replacements";
