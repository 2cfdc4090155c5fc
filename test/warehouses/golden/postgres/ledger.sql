INSERT INTO "engage_default"."things" ("a_boolean", "a_integer", "a_float", "a_decimal", "a_string", "a_timestamp", "a_json") VALUES
  (CAST('true' AS boolean), CAST('1' AS bigint), NULL, NULL, 'it''s', CAST('2026-03-01T00:00:00.000Z' AS timestamp with time zone), CAST('{"a":1}' AS jsonb)),
  (NULL, NULL, NULL, NULL, NULL, NULL, CAST('[]' AS jsonb));
