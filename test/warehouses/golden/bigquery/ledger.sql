INSERT INTO `engage_default`.`things` (`a_boolean`, `a_integer`, `a_float`, `a_decimal`, `a_string`, `a_timestamp`, `a_json`) VALUES
  (CAST('true' AS BOOL), CAST('1' AS INT64), NULL, NULL, 'it\'s', TIMESTAMP '2026-03-01T00:00:00.000Z', '{"a":1}'),
  (NULL, NULL, NULL, NULL, NULL, NULL, '[]');
