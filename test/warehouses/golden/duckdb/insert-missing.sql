INSERT INTO "engage_default"."things" ("a_string", "a_integer", "a_json")
SELECT "a_string", "a_integer", "a_json" FROM (SELECT DISTINCT ON ("a_string", "a_integer") "a_string", "a_integer", "a_json" FROM temp."stage") AS s
WHERE NOT EXISTS (SELECT 1 FROM "engage_default"."things" AS t WHERE t."a_string" IS NOT DISTINCT FROM s."a_string" AND t."a_integer" IS NOT DISTINCT FROM s."a_integer");
