CREATE SCHEMA IF NOT EXISTS "engage_default";

CREATE TABLE IF NOT EXISTS "engage_default"."things" (
  "a_boolean" BOOLEAN,
  "a_integer" BIGINT,
  "a_float" DOUBLE,
  "a_decimal" DECIMAL(38,18),
  "a_string" VARCHAR,
  "a_timestamp" TIMESTAMP,
  "a_json" JSON
);

CREATE TABLE IF NOT EXISTS "engage_default"."users" (
  "id" VARCHAR,
  "user_id" VARCHAR,
  "received_at" TIMESTAMP,
  "uuid_ts" TIMESTAMP,
  "plan" VARCHAR,
  "order" BIGINT
);

COMMENT ON COLUMN "engage_default"."users"."plan" IS 'Customer''s Plan';

ALTER TABLE "engage_default"."users" ADD COLUMN IF NOT EXISTS "plan" VARCHAR;

COMMENT ON COLUMN "engage_default"."users"."plan" IS 'Customer''s Plan';

ALTER TABLE "engage_default"."users" ADD COLUMN IF NOT EXISTS "order" BIGINT;

ALTER TABLE "engage_default"."users" RENAME COLUMN "plan" TO "tier";

ALTER TABLE IF EXISTS "engage_default"."users" DROP COLUMN IF EXISTS "tier";

DROP TABLE IF EXISTS "engage_default"."users";
