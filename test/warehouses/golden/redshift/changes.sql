CREATE SCHEMA IF NOT EXISTS "engage_default";

CREATE TABLE IF NOT EXISTS "engage_default"."things" (
  "a_boolean" boolean,
  "a_integer" bigint,
  "a_float" double precision,
  "a_decimal" numeric(38,18),
  "a_string" character varying(65535),
  "a_timestamp" timestamp with time zone,
  "a_json" character varying(65535)
);

CREATE TABLE IF NOT EXISTS "engage_default"."users" (
  "id" character varying(65535),
  "user_id" character varying(65535),
  "received_at" timestamp with time zone,
  "uuid_ts" timestamp with time zone,
  "plan" character varying(65535),
  "order" bigint
) DISTKEY ("id") SORTKEY ("received_at");

COMMENT ON COLUMN "engage_default"."users"."plan" IS 'Customer''s Plan';

ALTER TABLE "engage_default"."users" ADD COLUMN "plan" character varying(65535);

COMMENT ON COLUMN "engage_default"."users"."plan" IS 'Customer''s Plan';

ALTER TABLE "engage_default"."users" ADD COLUMN "order" bigint;

ALTER TABLE "engage_default"."users" RENAME COLUMN "plan" TO "tier";

ALTER TABLE "engage_default"."users" DROP COLUMN "tier";

DROP TABLE IF EXISTS "engage_default"."users";
