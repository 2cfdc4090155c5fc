INSERT INTO `engage_default`.`things` (`a_boolean`, `a_integer`, `a_float`, `a_decimal`, `a_string`, `a_timestamp`, `a_json`) VALUES
  (CAST('true' AS BOOLEAN), CAST('1' AS BIGINT), NULL, NULL, 'it\'s', CAST('2026-03-01T00:00:00.000Z' AS TIMESTAMP), '{"a":1}'),
  (NULL, NULL, NULL, NULL, NULL, NULL, '[]');
