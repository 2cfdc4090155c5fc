SELECT n.nspname AS schema_name, c.relname AS table_name, CASE WHEN c.relkind = 'r' THEN 'Table' ELSE 'View' END AS kind,
  a.attname AS column_name, format_type(a.atttypid, a.atttypmod) AS data_type
FROM pg_catalog.pg_namespace AS n
LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'v', 'm')
LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE n.nspname IN ('engage_default', 'it''s')
ORDER BY n.nspname, c.relname, a.attnum;
