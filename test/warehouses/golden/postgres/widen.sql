ALTER TABLE "engage_default"."users" ALTER COLUMN "order" TYPE text USING "order"::text;

ALTER TABLE "engage_default"."users" ALTER COLUMN "order" TYPE numeric USING "order"::numeric;

ALTER TABLE "engage_default"."users" ALTER COLUMN "order" TYPE numeric USING "order"::numeric;

ALTER TABLE "engage_default"."users" ALTER COLUMN "order" TYPE text USING "order"::text;

ALTER TABLE "engage_default"."users" ALTER COLUMN "order" TYPE text USING trim_scale("order")::text;

ALTER TABLE "engage_default"."users" ALTER COLUMN "order" TYPE text USING trim_scale("order")::text;

ALTER TABLE "engage_default"."users" ALTER COLUMN "order" TYPE text USING regexp_replace(to_char("order" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '\.000000Z$', 'Z');

ALTER TABLE "engage_default"."users" ALTER COLUMN "order" TYPE text USING "order"::text;
