INSERT INTO "engage_default"."things" ("a_string", "a_integer", "a_json")
SELECT "a_string", "a_integer", "a_json" FROM temp."stage"
ON CONFLICT DO NOTHING;
