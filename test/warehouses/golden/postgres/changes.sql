CREATE SCHEMA IF NOT EXISTS "engage_default";

CREATE TABLE IF NOT EXISTS "engage_default"."things" (
  "a_boolean" boolean,
  "a_integer" bigint,
  "a_float" numeric,
  "a_decimal" numeric,
  "a_string" text,
  "a_timestamp" timestamp with time zone,
  "a_json" jsonb,
  PRIMARY KEY ("a_string", "a_integer")
);

CREATE TABLE IF NOT EXISTS "engage_default"."users" (
  "id" text,
  "user_id" text,
  "received_at" timestamp with time zone,
  "uuid_ts" timestamp with time zone,
  "plan" text,
  "order" bigint,
  PRIMARY KEY ("id")
);

COMMENT ON COLUMN "engage_default"."users"."plan" IS 'Customer''s Plan';

ALTER TABLE "engage_default"."users" ADD COLUMN IF NOT EXISTS "plan" text;

COMMENT ON COLUMN "engage_default"."users"."plan" IS 'Customer''s Plan';

ALTER TABLE "engage_default"."users" ADD COLUMN IF NOT EXISTS "order" bigint;

ALTER TABLE "engage_default"."users" RENAME COLUMN "plan" TO "tier";

ALTER TABLE IF EXISTS "engage_default"."users" DROP COLUMN IF EXISTS "tier";

DROP TABLE IF EXISTS "engage_default"."users";
