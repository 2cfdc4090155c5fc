ALTER TABLE "engage_default"."users" ALTER COLUMN "order" TYPE VARCHAR USING CAST("order" AS VARCHAR);

ALTER TABLE "engage_default"."users" ALTER COLUMN "order" TYPE DOUBLE;

ALTER TABLE "engage_default"."users" ALTER COLUMN "order" TYPE DECIMAL(38,18);

ALTER TABLE "engage_default"."users" ALTER COLUMN "order" TYPE VARCHAR USING CAST("order" AS VARCHAR);

ALTER TABLE "engage_default"."users" ALTER COLUMN "order" TYPE VARCHAR USING CASE
  WHEN "order" = 0 THEN '0'
  WHEN system.main.regexp_matches(CAST("order" AS VARCHAR), 'e\+') THEN system.main.concat(CASE WHEN "order" < 0 THEN '-' ELSE '' END, system.main.rpad(system.main.regexp_replace(CAST("order" AS VARCHAR), '^-|\.|e.*$', '', 'g'), system.main.add(CAST(system.main.regexp_extract(CAST("order" AS VARCHAR), 'e[-+]([0-9]+)$', 1) AS INTEGER), 1), '0'))
  WHEN system.main.regexp_matches(CAST("order" AS VARCHAR), 'e-') THEN system.main.concat(CASE WHEN "order" < 0 THEN '-' ELSE '' END, '0.', system.main.rpad('', system.main.subtract(CAST(system.main.regexp_extract(CAST("order" AS VARCHAR), 'e[-+]([0-9]+)$', 1) AS INTEGER), 1), '0'), system.main.regexp_replace(CAST("order" AS VARCHAR), '^-|\.|e.*$', '', 'g'))
  ELSE system.main.regexp_replace(CAST("order" AS VARCHAR), '\.0$', '')
END;

ALTER TABLE "engage_default"."users" ALTER COLUMN "order" TYPE VARCHAR USING system.main.regexp_replace(CAST("order" AS VARCHAR), '\.?0+$', '');

ALTER TABLE "engage_default"."users" ALTER COLUMN "order" TYPE VARCHAR USING system.main.regexp_replace(system.main.strftime("order", '%Y-%m-%dT%H:%M:%S.%fZ'), '\.000000Z$', 'Z');

ALTER TABLE "engage_default"."users" ALTER COLUMN "order" TYPE VARCHAR USING CAST("order" AS VARCHAR);
